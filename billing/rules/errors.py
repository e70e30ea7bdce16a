class Refused(Exception):
    """A request that the rules do not allow.

    The message is written for staff: it says what is wrong and what to do. Nothing has been
    written when it is raised.
    """
