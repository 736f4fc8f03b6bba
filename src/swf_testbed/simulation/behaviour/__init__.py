"""What tasks, jobs, workers, queues and storage do. One module per subject; each draws its chance from its own dice."""
