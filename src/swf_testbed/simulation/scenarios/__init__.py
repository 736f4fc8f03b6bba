"""Named scenarios with a known truth: calm days, then hours in which something happens, on which alarms are judged.

``cast``       tasks that play a part beside those that chance makes
``story``      what every scenario is made of: a calm life, ordinary noise, chapters that open at their minutes
``stories``    the five scenarios; **one is added as a class there**
``seen``       what a reader finds in the tables at a moment
``evidence``   the rules by which a fault is said to have become visible there
``truth``      what is so: faults, what suffers from them, what looks suspicious and is innocent
``chronicle``  follows a story through its tables and keeps what has been true
``playing``    step by step for a judge, in simulated time
``command``    the command line
"""
