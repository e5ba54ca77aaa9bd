"""Studies and sites as files: study file, pre-registration, archive, new versions, backups."""
