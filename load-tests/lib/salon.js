// The businesses of a run: salons that are open every day and have so many people that slots do not run out.

import http from "k6/http";
import { headers, settings } from "./settings.js";

const STAFF = ["Ana", "Bea", "Carla", "Dina", "Eva", "Flora", "Gina", "Hana", "Ines", "Julia"];

export const SERVICES = [
  { id: "basic-manicure", name: "Basic Manicure", duration_min: 30, price: "25.00" },
  { id: "gel-manicure", name: "Gel Manicure", duration_min: 60, price: "45.00" },
  { id: "pedicure", name: "Pedicure", duration_min: 45, price: "40.00" },
];

export const id = (number) => `load-salon-${number}`;

export const pick = (list) => list[Math.floor(Math.random() * list.length)];

function catalogue(number) {
  const opening = { daily: ["08:00-20:00"] };
  return {
    id: id(number),
    name: `Salon ${number}`,
    time_zone: "America/New_York",
    locale: "en-US",
    currency: "USD",
    address: `${number} Grand Street, New York`,
    opening,
    policies: { min_notice_min: 60, horizon_days: 120, hold_min: 5, cancel_notice_min: 60 },
    staff: STAFF.map((name) => ({ id: name.toLowerCase(), name, opening })),
    services: SERVICES.map((service) => ({
      ...service,
      buffer_after_min: 5,
      by: STAFF.map((name) => name.toLowerCase()),
    })),
    faq: [
      { key: "parking", keywords: ["parking", "park", "garage"], answer: "There is a garage next door." },
      { key: "location", keywords: ["address", "where are you"], answer: `We are at ${number} Grand Street.` },
    ],
  };
}

// Stores the salons. Called by every scenario's setup; a run that finds them there changes nothing.
export function openSalons(count = settings.salons) {
  for (let number = 0; number < count; number++) {
    const answer = http.put(`${settings.base}/v1/businesses/${id(number)}`, JSON.stringify(catalogue(number)), {
      headers: headers(),
      tags: { name: "storeCatalogue" },
    });
    if (answer.status !== 200) throw new Error(`the salon cannot be stored: ${answer.status} ${answer.body}`);
  }
}

const MONTHS = [
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
];

export const dayName = (day) => `${MONTHS[day.getUTCMonth()]} ${day.getUTCDate()}`;

// Somebody's wish: what, with whom, and when, in the words of a person and as the service would say it.
export function wish() {
  const service = pick(SERVICES);
  const staff = pick(STAFF);
  // From the day after tomorrow, so that it is in the future wherever this runs.
  const day = new Date(Date.now() + (2 + Math.floor(Math.random() * 115)) * 86_400_000);
  const hour = 8 + Math.floor(Math.random() * 11);
  const minute = pick(["00", "15", "30", "45"]);
  const half = hour < 12 ? "am" : "pm";
  return {
    service,
    staff,
    date: dayName(day),
    time: `${hour > 12 ? hour - 12 : hour}:${minute} ${half}`,
  };
}
