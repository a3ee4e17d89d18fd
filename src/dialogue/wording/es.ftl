# Spanish, with "usted". Facts come ready for display (days, times, money); numbers come as numbers, for plurals.
# A fact may be missing: it is then `none`, for selectors.

### Days

weekdays = lunes, martes, miércoles, jueves, viernes, sábado, domingo
short-weekdays = lun, mar, mié, jue, vie, sáb, dom
months = enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre
short-months = ene, feb, mar, abr, may, jun, jul, ago, sep, oct, nov, dic
day = { $weekday } { $day } de { $month }
day-of-year = { $weekday } { $day } de { $month } de { $year }
short-day = { $weekday } { $day } { $month }
short-moment = { $day }, { $time }

### Words

and = y
or = o
yes = Sí
no = No
anyone = Cualquiera
closed-word = cerrado
price-on-request = precio a consultar
from-to = { $from }–{ $to }
span = { $day }, de { $start } a { $end } ({ $minutes } min)
span-before-change = { $day }, de { $start } (antes del cambio de hora) a { $end } ({ $minutes } min)
span-after-change = { $day }, de { $start } (después del cambio de hora) a { $end } ({ $minutes } min)
moment = { $day } a las { $time }
moment-before-change = { $day } a las { $time } (antes del cambio de hora)
moment-after-change = { $day } a las { $time } (después del cambio de hora)
option-before-change = { $moment } antes del cambio de hora
option-after-change = { $moment } después del cambio de hora
option-with = { $moment } con { $staff }
option-waitlist = Apuntarme a la lista de espera
day-with-hours = { $day } ({ $hours })
visit = { $services } el { $moment }
visit-with = { $services } con { $staff } el { $moment }
suggest-book = Pedir una cita
suggest-hours = Horario
suggest-prices = Precios
suggest-another-time = Otra hora
suggest-drop = Déjelo

### Hello and goodbye

hello = { $name ->
    [none] ¡Hola!
   *[other] ¡Hola, { $name }!
}
hello-again = { $name ->
    [none] ¡Hola de nuevo!
   *[other] ¡Hola de nuevo, { $name }!
}
greeting = { $name ->
    [none] Hola, le atiende { $business }.
   *[other] Hola, { $name }, le atiende { $business }.
}
help = Puedo reservar, cambiar o cancelar citas en { $business } y responder preguntas sobre precios y horarios. Escriba lo que necesita, por ejemplo: «{ $service } el viernes a las 14:00».
i-am-a-bot = Soy el asistente de citas de { $business }, un programa. Si prefiere hablar con una persona, dígamelo.
noted = { $name ->
    [none] Gracias, anotado.
   *[other] Gracias, { $name }.
}
welcome = { $name ->
    [none] ¡De nada!
   *[other] ¡De nada, { $name }!
}
bye = { $name ->
    [none] ¡Hasta pronto!
   *[other] ¡Hasta pronto, { $name }!
}
compliment = ¡Muy amable!
how-are-you = ¡Muy bien, gracias!
small-talk = Entiendo.
words-only = ¡Gracias! Aquí no puedo ver imágenes ni escuchar audios, pero leo todo lo que usted escriba.

### Not understood

not-understood = Disculpe, no le he entendido.
not-understood-again = Disculpe, sigo sin entenderle. Elija una de estas opciones o dígamelo con otras palabras.
no-such-option = { $count ->
    [one] Solo hay una opción.
   *[other] Elija un número del 1 al { $count }, por favor.
}
no-answer = { $phone ->
    [none] Me temo que eso no lo sé.
   *[other] Me temo que eso no lo sé. Llame, por favor, al { $phone }.
}
nothing-to-drop = Ahora mismo no hay nada en marcha. ¿En qué puedo ayudarle?
overreach = Eso no puedo hacerlo: solo me ocupo de sus propias citas. Con gusto le reservo, le cambio o le cancelo una.
insulted = Me gustaría ayudarle; mantengamos un trato amable.

### Services and staff

ask-service = ¿Qué servicio desea?
ask-service-of-many = ¿Qué servicio desea? También hay { $more }.
ask-service-again = ¿Qué servicio desea?
which-service = ¿A cuál se refiere con «{ $text }»?
did-you-mean = ¿Se refiere a { $service }?
not-offered = Lo siento, «{ $text }» no lo ofrecemos.
add-on-alone = { $services } es un complemento y solo se reserva junto con otro servicio.
not-bookable = { $phone ->
    [none] { $services } no se puede reservar aquí.
   *[other] { $services } no se puede reservar aquí; llame, por favor, al { $phone }.
}
services = Ofrecemos:
    { $list }
service-item = { $service }, { $minutes } min, { $price }
price-of = { $service } cuesta { $price } ({ $minutes } min).
duration-of = { $service } dura { $minutes } minutos.
staff = Puede atenderle { $list }.
no-such-staff = Aquí no trabaja nadie que se llame { $text }.
staff-not-qualified = { $staff } no hace { $services }; sí { $able }.
staff-none-needed = { $services } no depende de una persona en concreto.
which-staff = ¿A quién se refiere con «{ $text }»: { $staff }?
which-sense = «{ $text }»: ¿se refiere a { $staff } o al { $day }?
ask-staff = El { $moment } está libre. ¿Con { $staff }, o con quien esté libre?
ask-staff-again = ¿Con { $staff }, o con quien esté libre?
party-too-large = { $phone ->
    [none] Puedo organizar visitas de hasta { $max } personas.
   *[other] Puedo organizar visitas de hasta { $max } personas; para más, llame, por favor, al { $phone }.
}

### When

ask-when = ¿Cuándo le gustaría venir para { $services }?
ask-when-instead = ¿Cuándo le vendría bien?
ask-when-again = ¿Qué día y a qué hora le viene bien?
ask-day-again = ¿Qué día le viene bien?
ask-time-again = ¿Qué hora le viene bien?
ask-choice-again = ¿Cuál le viene bien?
which-day = ¿A qué día se refiere con «{ $text }»?
ask-what-else = ¿Qué desea cambiar? Dígame otro día, otra hora u otra persona, o diga «déjelo».
free-on-day = { $services } el { $day }: hay horas entre las { $first } y las { $last }. Por ejemplo estas, o dígame otra:
free-on-days = { $services }: están libres estas, o dígame otra hora:
time-twice = Esa noche se atrasa el reloj y las { $time } llegan dos veces. ¿A cuál se refiere?
weekday-contradicts = El { $day } no es { $said }; compruebe el día, por favor.
still-that-day = Es el { $day }.
ask-seats = { $services } el { $moment }: { $seats ->
    [one] queda { $seats } plaza.
   *[other] quedan { $seats } plazas.
} ¿Cuántas desea?
ask-seats-again = ¿Cuántas plazas desea?
seats-left = { $start }: { $seats ->
    [one] queda { $seats } plaza
   *[other] quedan { $seats } plazas
}

### Why not

past-time = Las { $time } de hoy ya han pasado.
past-day = El { $day } ya ha pasado.
too-far = Aceptamos citas hasta el { $day }.
too-soon = Necesitamos al menos { $minutes } minutos de antelación; lo más pronto es el { $moment }.
closed-weekday = Cerramos cada { $weekday }.
closed-that-day = { $why ->
    [none] El { $day } está cerrado.
   *[other] El { $day } está cerrado ({ $why }).
}
nearest-days = Los días más cercanos son:
outside-hours = El { $day } abrimos { $hours }, y esa hora no entra.
nothing-then = A esa hora no hay nada; el { $day } abrimos { $hours }.
no-such-time = Las { $time } no existen el { $day }: el reloj salta a las { $next }.
no-session = { $services } no tiene lugar entonces.
staff-off = { $staff } no trabaja a esa hora el { $day }.
not-enough-seats = { $services } el { $moment }: { $left ->
    [0] está completo.
    [one] solo queda una plaza.
   *[other] solo quedan { $left } plazas.
}
just-taken = Lo siento, el { $day } a las { $time } se acaba de ocupar.
staff-taken = { $staff } no está libre el { $day } a las { $time }.
taken = El { $day } a las { $time } está ocupado.
staff-full = { $staff } no tiene nada libre el { $day }.
full = El { $day } está completo.
free-instead = Está libre en su lugar:
only-waitlist = Puedo avisarle cuando quede algo libre:

### Booking

read-back = { $services }{ $staff ->
    [none] {""}
   *[other] {" "}con { $staff }
} el { $when }, { $price }{ $people ->
    [one] {""}
   *[other] , para { $people } personas
}. { $name ->
    [none] ¿Lo reservo?
   *[other] ¿Lo reservo, { $name }?
}
read-back-again = ¿Reservo { $visit }?
read-back-move = ¿Cambio su { $old } al { $moment }{ $staff ->
    [none] {""}
   *[other] {" "}con { $staff }
}?
read-back-move-again = ¿Lo cambio al { $moment }?
booked = { $name ->
    [none] Reservado: { $visit }. Su referencia es { $reference }.
   *[other] Reservado, { $name }: { $visit }. Su referencia es { $reference }.
}
booked-pending = { $visit } queda anotado y pendiente de nuestra confirmación. Su referencia es { $reference }.
moved = Cambiado: { $visit }. Su referencia sigue siendo { $reference }.
own-overlap = Tenga en cuenta que también tiene { $visit }.
too-many-appointments = Ya tiene tantas citas pendientes como puede tener una persona ({ $max }).
hold-renewed = No pude guardarle la hora más tiempo, pero seguía libre.
hold-lapsed = No pude guardarle la hora más tiempo.
dropped = De acuerdo, lo dejo. Si cambia de idea, aquí estoy.
set-aside = Sin prisa. No hay nada reservado, y conservo lo que me ha dicho.
revived = Sí, aquí estoy.

### Appointments that exist

no-appointments = No tiene citas pendientes.
your-appointments = { $count ->
    [one] Su cita:
   *[other] Sus citas:
}
    { $list }
appointment-item = { $visit } (referencia { $reference })
no-such-appointment = No encuentro ninguna cita suya para entonces ({ $when }).
ask-which-cancel = ¿Qué cita desea cancelar?
ask-which-move = ¿Qué cita desea cambiar?
ask-which-again = ¿A qué cita se refiere?
read-back-cancel = ¿Cancelo su { $visit }?
read-back-cancel-again = ¿Cancelo su { $visit }?
cancelled = Cancelado: { $visit }.
cancel-kept = De acuerdo, su cita se queda como está.
too-late-to-cancel = { $phone ->
    [none] Faltan menos de { $notice } para su cita, así que ya no puedo cancelarla aquí.
   *[other] Faltan menos de { $notice } para su cita, así que ya no puedo cancelarla aquí. Llame, por favor, al { $phone }.
}
too-late-to-move = { $phone ->
    [none] Faltan menos de { $notice } para su cita, así que ya no puedo cambiarla aquí.
   *[other] Faltan menos de { $notice } para su cita, así que ya no puedo cambiarla aquí. Llame, por favor, al { $phone }.
}
appointment-gone = Esa cita ya no está en pie, así que no hay nada que cambiar.

### Questions

hours = Nuestro horario:
    { $list }
open-on = El { $day } abrimos { $hours }.
address = Nos encuentra en { $address }.
notice-hours = { $hours ->
    [one] { $hours } hora
   *[other] { $hours } horas
}
notice-minutes = { $minutes } minutos
policy = Puede cancelar o cambiar una cita aquí hasta { $notice } antes de que empiece.

### The waitlist

waitlist-joined = Queda en la lista de espera para { $services } ({ $when }). Le escribiré en cuanto haya algo libre.
waitlist-full = Ya espera { $max } visitas, y no puedo guardar más. Deje antes una de ellas.
waitlist-offer = Buenas noticias: ha quedado libre { $visit } ({ $price }). Se lo guardo hasta { $until }. ¿Lo reservo?
waitlist-offer-again = ¿Reservo { $visit }?
waitlist-offer-gone = Lo siento, mientras tanto esa hora se la ha llevado otra persona. Sigue en la lista de espera.
waitlist-declined = De acuerdo. Sigue en la lista de espera.
waitlist-left = Le he quitado de la lista de espera.

### A person

handoff-asked = { $phone ->
    [none] He pedido a alguien de { $business } que se ponga en contacto con usted.
   *[other] He pedido a alguien de { $business } que se ponga en contacto con usted. También puede llamar al { $phone }.
}
handoff-complaint = { $phone ->
    [none] Lamento oír eso. Lo he pasado a alguien de { $business }.
   *[other] Lamento oír eso. Lo he pasado a alguien de { $business }. También puede llamar al { $phone }.
}
handoff-emergency = Si es una emergencia, llame enseguida al número de emergencias. También he avisado a { $business }.
handoff-not-understood = { $phone ->
    [none] Lo siento, no consigo entenderlo. He pedido a alguien de { $business } que se ponga en contacto con usted.
   *[other] Lo siento, no consigo entenderlo. He pedido a alguien de { $business } que se ponga en contacto con usted. También puede llamar al { $phone }.
}
handoff-abuse = Esto lo dejo en manos de una persona: alguien de { $business } lo verá.
stopped = No recibirá más mensajes de { $business }. Escríbanos cuando quiera para empezar de nuevo.
