"""Simulated PanDA: fills the official tables with 14 days of history and then keeps them moving in real time.

``core``       rows, ledger of changes, agenda of due events, seeded chance, the world (no database, no real clock)
``states``     the legal transitions, and the only functions that change a state
``catalogue``  queues, storage, users, campaigns, error texts: what the simulated laboratory consists of
``behaviour``  what tasks, jobs, workers, queues and storage do; **a job behaviour is added in**
               ``behaviour/job_life.py`` (what happens in a state) and ``behaviour/job_plan.py`` (how likely, how long)
``storage``    changes to SQL, tables to a world again, for SQLite and PostgreSQL
"""
