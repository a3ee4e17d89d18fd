//! What customers type in Spanish, with and without accents.

use super::spoken::said_in;
use super::*;

#[test]
fn wishes_questions_and_courtesies() {
    said_in(
        Language::Spanish,
        None,
        &[
            (
                "quiero una cita mañana por la mañana",
                "start book + when Thu 19 Nov 06:00-12:00",
            ),
            (
                "quiero cita manana por la manana",
                "start book + when Thu 19 Nov 06:00-12:00",
            ),
            ("pasado mañana a las 5 y media", "when Fri 20 Nov 17:30"),
            ("el viernes a las 3 menos cuarto", "when Fri 20 Nov 14:45"),
            (
                "para el viernes que viene por la tarde",
                "when Fri 27 Nov 12:00-20:00",
            ),
            ("la semana que viene", "when Mon 23 Nov..Mon 30 Nov"),
            ("este fin de semana", "when Sat 21 Nov..Mon 23 Nov"),
            ("de 3 a 5", "when 15:00-17:00"),
            ("entre las 3 y las 5 de la tarde", "when 15:00-17:00"),
            ("a las 15h", "when 15:00"),
            ("mañana a partir de las 4", "when Thu 19 Nov 16:00-"),
            ("el lunes después de las 6", "when Mon 23 Nov 18:00-"),
            ("antes de las 12", "when -12:00"),
            ("el 5 de diciembre a las 11", "when Sat 5 Dec 11:00"),
            ("el 5/12 a las 11", "when Sat 5 Dec 11:00"),
            ("martes 24 a las 10:30", "when Tue 24 Nov 10:30"),
            ("el próximo jueves a mediodía", "when Thu 26 Nov 12:00"),
            ("hoy a las 7 de la tarde", "when Wed 18 Nov 19:00"),
            ("esta tarde", "when Wed 18 Nov 12:00-20:00"),
            ("lo antes posible", "when earliest"),
            ("el viernes o el sábado", "when Fri 20 Nov or Sat 21 Nov"),
            ("no puedo el martes", "start cancel + which Tue 24 Nov"),
            ("cualquier día menos el martes", "when not tuesday"),
            ("dentro de dos semanas", "when Wed 2 Dec"),
            (
                "el sábado con Mai por la mañana",
                "when Sat 21 Nov 06:00-12:00 + staff mai",
            ),
            ("¿Tienen hueco mañana?", "ask availability + when Thu 19 Nov"),
            ("¿cuánto cuesta el gel?", "ask price + service gel-manicure"),
            ("¿dónde están?", "ask location"),
            ("¿a qué hora abren el sábado?", "ask hours Sat 21 Nov"),
            ("¿aceptan tarjeta?", "ask payment"),
            (
                "quiero cancelar mi cita del viernes",
                "start cancel + which Fri 20 Nov",
            ),
            (
                "quisiera cambiar mi cita del viernes al sábado a las 3",
                "start reschedule + which Fri 20 Nov + when Sat 21 Nov 15:00",
            ),
            ("no puedo ir mañana", "start cancel + which Thu 19 Nov"),
            ("me llamo Ana Ruiz", "name Ana Ruiz"),
            ("somos dos personas", "people 2"),
            ("hola buenas tardes", "greet"),
            ("muchas gracias, hasta luego", "thanks + bye"),
            ("quiero hablar con una persona", "handoff asked"),
            ("¿eres un robot?", "ask areyouabot"),
            ("avísame si queda un hueco", "start waitlist + ask availability"),
            (
                "gel con Linh el viernes a las 2 y cuarto de la tarde",
                "service gel-manicure + staff linh + when Fri 20 Nov 14:15",
            ),
            (
                "manicura para dos el sábado",
                "service basic-manicure??|gel-manicure?? + people 2 + when Sat 21 Nov",
            ),
            ("una cita para las 5", "start book + when 17:00"),
            ("a las cinco y veinte de la tarde", "when 17:20"),
            ("a finales de mes", "when Sat 21 Nov..Tue 1 Dec"),
            ("el 17", "when Thu 17 Dec"),
            ("sobre las 4", "when ~16:00"),
            ("¿qué servicios ofrecen?", "ask services"),
            ("¿quién trabaja el sábado?", "ask staff + when Sat 21 Nov"),
            ("mejor a las 4", "when 16:00"),
            ("a las 4 no, a las 5", "when 17:00"),
            ("quiero una cita con Sofia", "start book + staff sofia"),
            ("dejen de escribirme", "stopcontact"),
            ("qué mal servicio, quiero una devolución", "handoff complaint"),
            ("sin la pedicura", "service -pedicure~"),
            ("¿cuánto dura?", "ask duration"),
            ("¿por qué no a las 4?", "ask whynot + when 16:00"),
            ("ayuda", "ask help"),
        ],
    );
}

#[test]
fn answers_to_a_read_back() {
    said_in(
        Language::Spanish,
        Some(Expecting::Confirm),
        &[
            ("sí", "confirm"),
            ("si por favor", "confirm"),
            ("vale", "confirm"),
            ("claro que sí", "confirm"),
            ("perfecto, gracias", "confirm + thanks"),
            ("no", "deny"),
            ("no, gracias", "deny + thanks"),
            ("mejor a las 6", "when 18:00"),
            ("déjelo", "cancelgoal"),
            ("me lo tengo que pensar", "setaside"),
            ("sí pero a las 5", "confirm + when 17:00"),
            ("yes", "confirm"),
            ("ok", "confirm"),
            ("no me viene bien", "deny"),
            ("cuánto es?", "ask price"),
        ],
    );
}
