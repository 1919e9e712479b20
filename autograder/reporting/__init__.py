"""What people read: tables, reports, feedback."""
