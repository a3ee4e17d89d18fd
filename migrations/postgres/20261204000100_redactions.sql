-- Messages that were taken back before their transcript was written.
CREATE INDEX inbox_redacted ON inbox (conversation_id, message_id) WHERE text = '' AND attachments IS NULL;
