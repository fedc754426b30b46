"""How tocsin is released: one version for all distributions, which are built reproducibly and looked over."""
