"""Once per environment: what must exist before `prefect deploy --all`; the demo; the terminal."""
