"""Dumps and tables of PHPNuxBill and daloRADIUS, made to their published schemas."""

import io
import logging
import zipfile
from datetime import date

import pytest

from billing.models import AccessState, Account, Customer, ImportedRow, Plan, Subscription
from billing.rules.errors import Refused
from billing.services.imports import sources
from tests.importing import brought, checked, imported, messages, outcomes, preview

pytestmark = pytest.mark.django_db

PHPNUXBILL = r"""
CREATE TABLE `tbl_bandwidth` (
  `id` int(10) UNSIGNED NOT NULL,
  `name_bw` varchar(255) NOT NULL,
  `rate_down` int(10) UNSIGNED NOT NULL,
  `rate_down_unit` enum('Kbps','Mbps') NOT NULL,
  `rate_up` int(10) UNSIGNED NOT NULL,
  `rate_up_unit` enum('Kbps','Mbps') NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `tbl_bandwidth` VALUES (1,'10M',10,'Mbps',512,'Kbps');
INSERT INTO `tbl_plans` (`id`, `name_plan`, `id_bw`, `price`, `type`, `validity`, `validity_unit`, `routers`, `prepaid`)
VALUES (1, 'Home 10', 1, '20', 'PPPOE', 1, 'Months', 'r1', 'yes'), (2, 'Top-up', 0, '5', 'Balance', 0, 'Months', '', 'yes'),
(3, 'Hotspot 1h', 1, '1', 'Hotspot', 60, 'Mins', 'r1', 'yes');
INSERT INTO `tbl_customers` (`id`, `username`, `password`, `pppoe_username`, `pppoe_password`, `fullname`, `address`, `phonenumber`, `email`, `balance`, `status`) VALUES
(1, 'ann', 'hunter2', 'ann-pppoe', 'hunter3', 'Ann O\'Neil', 'Main Street 1;\r\nback', '0700000001', 'ann@example.com', 7.50, 'Active'),
(2, 'bob@a-very-long-name.example', 'hunter2', '', '', 'Bob (Jr), x', NULL, '0', '1', 0.00, 'Banned');
INSERT INTO `tbl_user_recharges` (`id`, `customer_id`, `username`, `plan_id`, `namebp`, `recharged_on`, `recharged_time`, `expiration`, `time`, `status`, `method`, `routers`, `type`) VALUES
(1, 1, 'ann', 1, 'Home 10', '2026-05-01', '10:00:00', '2026-05-31', '10:00:00', 'on', 'cash', 'r1', 'PPPOE'),
(2, 2, 'bob@a-very-long-name.example', 1, 'Home 10', '2026-04-25', '10:00:00', '2026-05-25', '10:00:00', 'on', 'cash', 'r1', 'PPPOE');
INSERT INTO `tbl_transactions` VALUES (1,'INV-1','ann','Home 10','20','2026-05-01','10:00:00','2026-05-31','10:00:00','cash','r1','PPPOE','',1);
CREATE TABLE `tbl_transactions` (
  `id` int(10) NOT NULL,
  `invoice` varchar(25) NOT NULL,
  `username` varchar(32) NOT NULL,
  `plan_name` varchar(40) NOT NULL,
  `price` varchar(40) NOT NULL,
  `recharged_on` date NOT NULL,
  `recharged_time` time NOT NULL DEFAULT '00:00:00',
  `expiration` date NOT NULL,
  `time` time NOT NULL,
  `method` varchar(128) NOT NULL,
  `routers` varchar(32) NOT NULL,
  `type` enum('Hotspot','PPPOE','Balance') NOT NULL,
  `note` varchar(256) NOT NULL DEFAULT '' COMMENT 'for note',
  `admin_id` int NOT NULL DEFAULT '1'
) ENGINE=InnoDB;
"""  # noqa: E501

DALORADIUS = r"""
INSERT INTO `billing_plans` (`id`,`planName`,`planId`,`planType`,`planRecurringPeriod`,`planCost`,`planActive`) VALUES
 (1,'home-10','','PayPal','Monthly','20','yes'),(2,'quarter','','','Quarterly','55','yes'),(3,'once','','','Never','9','yes');
INSERT INTO `userinfo` (`id`,`username`,`firstname`,`lastname`,`email`,`company`,`workphone`,`homephone`,`mobilephone`,`address`,`city`,`state`,`zip`,`portalloginpassword`) VALUES
 (1,'ann','Ann','Example','ann@example.com','','','','0700000001','1 Main Street','North','','10115','hunter2'),
 (2,'bob','','','','Bob Ltd','0711','','','','','','','hunter2'),
 (3,'cy','Cy','','','','','','','','','','','');
INSERT INTO `userbillinfo` (`id`,`username`,`planName`,`nextbill`,`billstatus`) VALUES
 (1,'ann','home-10','2026-06-01 00:00:00',''),(2,'bob','','0000-00-00','');
INSERT INTO `radusergroup` (`username`,`groupname`,`priority`) VALUES
 ('ann','slow',1),('bob','quarter',0),('bob','daloRADIUS-Disabled-Users',1),('cy','home-10',1);
INSERT INTO `radcheck` (`id`,`username`,`attribute`,`op`,`value`) VALUES
 (1,'ann','Cleartext-Password',':=','hunter2'),(2,'cy','Expiration',':=','31 May 2026'),(3,'cy','Cleartext-Password',':=','hunter2');
"""  # noqa: E501


def all_in(content):
    """Bring everything of a dump in; the files by their kinds."""
    files = {}
    for file in brought("customers", content, name="dump.sql"):
        files[file.kind] = imported(checked(file))
    return files


def by_login():
    return {
        one.login: (one.customer.code, one.plan.code, one.anchor, one.access_state.is_on)
        for one in Subscription.objects.select_related("customer", "plan", "access_state")
    }


def test_a_dump_of_phpnuxbill_brings_plans_customers_and_subscriptions():
    files = all_in(PHPNUXBILL)
    assert list(files) == ["plans", "customers", "subscriptions"]
    assert outcomes(files["plans"]) == ["new", "refused"]
    assert "“60 Mins” is not an interval" in messages(files["plans"])[1]
    plan = Plan.objects.get()
    assert (plan.name, plan.price, plan.download_kbps, plan.upload_kbps) == ("Home 10", 20, 10000, 512)
    ann, bob = Customer.objects.order_by("name")
    assert (ann.name, ann.phone, ann.address) == ("Ann O'Neil", "0700000001", "Main Street 1;\r\nback")
    assert (bob.name, bob.phone, bob.email, len(bob.code)) == ("Bob (Jr), x", "", "", 20)
    assert Account.objects.get(customer=ann).balance == -7.5
    assert by_login() == {
        "ann-pppoe": ("ann", "home-10", date(2026, 6, 1), True),
        "bob@a-very-long-name.example": (bob.code, "home-10", date(2026, 5, 26), False),
    }


def test_a_dump_again_changes_nothing():
    all_in(PHPNUXBILL)
    again = [checked(file) for file in brought("customers", PHPNUXBILL)]
    assert [set(outcomes(file)) for file in again] == [{"same", "refused"}, {"same"}, {"same"}]


def test_what_we_do_not_have_is_listed_and_passwords_are_nowhere(caplog):
    with caplog.at_level(logging.DEBUG):
        files = all_in(PHPNUXBILL) | {f"d{kind}": file for kind, file in all_in(DALORADIUS).items()}
    left_out = " ".join(files["customers"].left_out)
    assert "tbl_customers: id, password, pppoe_password" in left_out
    assert "PHPNuxBill: the transactions" in left_out
    assert "passwords above all" in " ".join(files["dcustomers"].left_out)
    assert "hunter" not in caplog.text
    assert not [row for row in ImportedRow.objects.all() if "hunter" in str(row.cells)]


def test_the_tables_of_daloradius_are_joined():
    files = all_in(DALORADIUS)
    assert outcomes(files["plans"]) == ["new", "new", "refused"]
    ann, bob, cy = Customer.objects.order_by("code")
    assert (ann.name, ann.phone, ann.address, ann.area.name) == (
        "Ann Example",
        "0700000001",
        "1 Main Street, 10115",
        "North",
    )
    assert (bob.name, bob.phone, cy.name) == ("Bob Ltd", "0711", "Cy")
    assert by_login() == {
        "ann": ("ann", "home-10", date(2026, 6, 1), True),
        "bob": ("bob", "quarter", date(2026, 5, 20), False),
        "cy": ("cy", "home-10", date(2026, 6, 1), True),
    }
    assert AccessState.objects.filter(is_on=True).count() == 2


def test_tables_come_as_a_zip_of_csv_files_or_one_by_one():
    customers = "id,username,password,fullname,address,phonenumber,email,balance,status\n1,ann,x,Ann,,0,1,0,Active\n"
    assert outcomes(preview("payments", customers)) == ["new"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("export/userinfo.csv", "id,username,firstname,lastname\n1,ann,Ann,Example\n")
        package.writestr("export/radusergroup.csv", "username;groupname;priority\nann;home-10;1\n")
        package.writestr("export/other.csv", "a,b\n1,2\n")
    uploads = sources.read(packed.getvalue(), kind="payments")
    assert [(one.kind, len(one.rows)) for one in uploads] == [("customers", 1), ("subscriptions", 1)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("INSERT INTO `wp_posts` VALUES (1);", "no table that is known"),
        ("INSERT INTO `tbl_plans` (`id`, `name_plan`) VALUES (1);", "1 values for 2 columns"),
        ("INSERT INTO `tbl_plans` (`id`, `name_plan`) VALUES (1, 'a", "cannot be read near"),
    ],
)
def test_a_dump_that_cannot_be_read_is_told(content, says):
    with pytest.raises(Refused, match=says):
        sources.read(content.encode(), kind="customers")
