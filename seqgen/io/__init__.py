"""Files: atomic writes and bounded reads (`atomic`), arrays with a checksum (`arrays`), the lock of
a checkpoint (`lock`), the user's cache folder (`user_dirs`), and control characters in texts of
others (`control_characters`).
"""
