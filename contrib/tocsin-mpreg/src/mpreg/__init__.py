"""The names under which the MPREG alerting guide knows tocsin; see :mod:`mpreg.federation`."""
