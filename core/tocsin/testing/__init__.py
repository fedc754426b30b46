"""What tests of tocsin, of its plugins and of its users' applications build on."""
