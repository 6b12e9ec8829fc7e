"""The whole chain in process: real handlers, local Personalize, virtual clock."""
