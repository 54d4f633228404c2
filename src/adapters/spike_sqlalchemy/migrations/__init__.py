"""Alembic's script folder: `env.py` is run by alembic and never imported."""
