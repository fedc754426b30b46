"""What each kind of plugin owes: one module per role, all public. ``tocsin.hookspecs`` says how to register one."""
