"""Live preview of a report while its study is edited."""
