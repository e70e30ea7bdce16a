"""What a cashier needs for five tasks, here and in forms over the same tables: pages, clicks, time of the server."""
