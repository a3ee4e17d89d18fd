// Requests as providers make them, signed as they sign them.

import crypto from "k6/crypto";
import encoding from "k6/encoding";

export const SECRETS = {
  // whsec_ and 32 bytes in base64.
  standard: `whsec_${encoding.b64encode("0123456789abcdef0123456789abcdef")}`,
  whatsapp: "app-secret-of-a-load-test",
  telegram: "secret-token-of-a-load-test",
};

export const NUMBER_ID = "106540352242922";

// What a channel is called, who its customers are for the API, and a message of one of them.
export const CHANNELS = {
  // https://www.standardwebhooks.com: HMAC-SHA256 over id.timestamp.body, in base64.
  standard: {
    participant: (who) => `${who}`,
    request(who, id, text, secret = SECRETS.standard) {
      const now = new Date();
      const body = JSON.stringify({
        type: "message.received",
        timestamp: now.toISOString(),
        data: { message_id: `${id}`, participant_id: `${who}`, text },
      });
      const seconds = Math.floor(now.getTime() / 1000);
      const key = encoding.b64decode(secret.slice("whsec_".length), "std");
      const code = crypto.hmac("sha256", key, `evt-${id}.${seconds}.${body}`, "base64");
      return [body, {
        "Content-Type": "application/json",
        "webhook-id": `evt-${id}`,
        "webhook-timestamp": `${seconds}`,
        "webhook-signature": `v1,${code}`,
      }];
    },
  },
  // Meta: HMAC-SHA256 over the body with the app secret, in hexadecimal.
  whatsapp: {
    participant: (who) => `${who}`,
    request(who, id, text, secret = SECRETS.whatsapp) {
      const body = JSON.stringify({
        object: "whatsapp_business_account",
        entry: [{
          id: "2090",
          changes: [{
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: "15550783881", phone_number_id: NUMBER_ID },
              contacts: [{ profile: { name: "Ana" }, wa_id: `${who}` }],
              messages: [{
                from: `${who}`,
                id: `wamid.${id}`,
                timestamp: `${Math.floor(Date.now() / 1000)}`,
                type: "text",
                text: { body: text },
              }],
            },
          }],
        }],
      });
      return [body, {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": `sha256=${crypto.hmac("sha256", secret, body, "hex")}`,
      }];
    },
  },
  // Telegram: a word in a header, and nothing signed.
  telegram: {
    participant: (who) => `${who}`,
    request(who, id, text, secret = SECRETS.telegram) {
      const body = JSON.stringify({
        update_id: id,
        message: {
          message_id: id,
          from: { id: who, is_bot: false, first_name: "Ana" },
          chat: { id: who, type: "private", first_name: "Ana" },
          date: Math.floor(Date.now() / 1000),
          text,
        },
      });
      return [body, { "Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret }];
    },
  },
};
