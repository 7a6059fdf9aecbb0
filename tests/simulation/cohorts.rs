//! Birth cohorts of objects.
