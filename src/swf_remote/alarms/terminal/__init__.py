"""What `swf-remote alarms …` does: in a terminal what the pages do."""
