"""Layouts that several figures share."""
