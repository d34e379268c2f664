"""Files for other systems, made from the specs of a workspace."""
