"""Intake: a source's file described as data, read row by row, each row made into the one command."""
