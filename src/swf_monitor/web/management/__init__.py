"""Commands of ``swf-monitor`` beside Django's own."""
