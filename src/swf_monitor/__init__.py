"""The monitor: PanDA's pages and REST answers, mounted at /swf-monitor/. Knows neither the gateway nor the testbed."""
