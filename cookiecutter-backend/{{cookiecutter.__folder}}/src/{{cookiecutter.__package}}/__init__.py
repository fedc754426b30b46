{%- set what = {'backend': 'backend', 'matcher': 'condition', 'aggregator': 'aggregator', 'scheduler': 'escalation scheduler'} -%}
"""The {{ what[cookiecutter.kind] }} ``{{ cookiecutter.name }}`` for tocsin."""
