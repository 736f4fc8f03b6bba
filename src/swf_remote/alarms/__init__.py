"""Alarms: conditions on the production that are looked at again and again, and the people who are told."""
