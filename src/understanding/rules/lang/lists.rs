//! The lists of words and phrases that a language must have, and what each is for.

use serde::Deserialize;

/// Declares the lists once, so that a language that lacks one is refused when it is loaded.
macro_rules! lists {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A list of the data file. An entry is a word, or a phrase of several.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum List {
            $($(#[doc = $doc])+ $name,)+
        }

        impl List {
            /// Every list there is.
            pub(super) const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

/// A set of lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lists(u128);

const _: () = assert!(List::ALL.len() <= u128::BITS as usize);

impl Lists {
    /// The set of these.
    #[must_use]
    pub(crate) const fn of(lists: &[List]) -> Self {
        let mut set = Self(0);
        let mut at = 0;
        while at < lists.len() {
            set.add(lists[at]);
            at += 1;
        }
        set
    }

    /// Whether `list` is one of them.
    #[must_use]
    pub(crate) const fn has(self, list: List) -> bool {
        self.0 & (1 << list as u32) != 0
    }

    /// Whether one of `others` is among them.
    #[must_use]
    pub(crate) const fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub(super) const fn add(&mut self, list: List) {
        self.0 |= 1 << list as u32;
    }
}

/// What the lists say of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Listed {
    /// The lists on which it stands.
    pub(crate) on: Lists,
    /// The lists with an entry that may begin with it. Most words begin nothing, so that most phrases need not be
    /// looked for.
    pub(crate) begins: Lists,
}

lists! {
    // ---- names and what stands around them ----
    /// Ordinary words that are no typing error of a name.
    Common,
    /// Words of a name that say nothing about which name is meant ("the", "of").
    Quiet,
    /// Words that the name of a service can do without ("add-on").
    ServiceNoise,
    /// Words that the name of a person can do without ("Dr.").
    StaffNoise,
    /// Trades that a business like this is asked for, to notice a wish for something not offered.
    Trades,
    /// What comes before the one who is to do it ("with", "by").
    With,
    /// What comes before one who may not even work here ("with").
    WithWhom,
    /// Directly before somebody who is not wanted, or before "with" and somebody.
    NotWith,
    /// Anybody will do.
    Anyone,
    /// What makes "anyone" someone unknown again ("else").
    Else,
    /// Answers that leave open what was asked.
    Indifferent,

    // ---- services on top of, or taken off, what is wanted ----
    /// Before a service that comes on top ("add", "also").
    OnTopBefore,
    /// After a service that comes on top ("too", "as well").
    OnTopAfter,
    /// Directly before what is not wanted ("no", "without").
    Without,
    /// The same, with a word between ("remove").
    TakenOff,

    // ---- people ----
    /// What counts heads.
    People,
    /// Heads that "one" counts ("one adult"); "one of us" may be anybody.
    OneHead,
    /// A place for one, if it is "for me" ("a spot").
    Place,
    /// A place for one even without saying for whom ("a seat").
    Seat,
    /// One relation of the customer's ("mother").
    Kin,
    /// Several ("parents").
    KinSeveral,
    /// The customer, with others ("me and my mother").
    Me,
    /// The customer, where he counts others first ("my wife and I").
    MeToo,
    /// Joins one to another.
    Plus,
    /// Only.
    Only,
    /// Before relations ("my", "a").
    KinBefore,
    /// Between a relation and the word before it ("other", "best").
    KinKind,
    /// The customer's ("my").
    My,
    /// What a number of people is said of ("a party of").
    Group,
    /// What may follow "for 4", when 4 are people.
    PeopleAfter,
    /// Before a number of people that come ("we are 4").
    WeAre,
    /// After such a number ("4 total").
    Total,
    /// After a number at the beginning ("4 will come").
    WillCome,

    // ---- the customer's name ----
    /// What comes before a name.
    NameCues,
    /// The surest of those: what follows is a name even without a capital letter.
    SureNameCues,
    /// Those of them after which much else can stand ("it's").
    LooseNameCues,
    /// Those after which a name in small letters is believed, when all of the message is.
    PlainNameCues,
    /// What comes before a last name.
    LastNameCues,
    /// What may stand between such a cue and the name ("I think", "Mrs").
    NameFiller,
    /// What comes before a title's last name.
    Titles,
    /// After a name at the beginning ("Anna here").
    NameAfter,
    /// After a name at the beginning, when it is the last name ("is my last name").
    LastNameAfter,
    /// Before a first and last name of somebody for whom it is ("for Anna Lee").
    NameFor,
    /// After a first and last name at the beginning ("Anna Lee party of").
    NameHas,
    /// What is never a name, though it may stand where names stand.
    NoName,
    /// Courtesy around a name that was asked for.
    NameCourtesy,

    // ---- options that were listed ----
    /// What is picked ("the second one").
    PickNoun,
    /// What comes before the number of an option ("number 2").
    PickNumber,
    /// What may follow "the second".
    PickAfter,
    /// Words that may stand around a pick without saying more.
    PickFiller,
    /// "the last one".
    PickLast,
    /// "the middle one", of three.
    PickMiddle,

    // ---- appointments that exist ----
    /// What an appointment is called.
    Appointment,
    /// Before the new time of one that is moved ("to").
    MoveTo,
    /// The same, unless the time belongs to the appointment ("for", "until").
    MoveFor,
    /// "instead of".
    InsteadOf,
    /// Between cancelling one and booking another ("and").
    AndThen,

    // ---- questions, answers, clauses ----
    /// Words with which a question begins.
    Questions,
    /// "no" where it may belong to what follows ("no nail art").
    No,
    /// "why", which makes "not at 3" a question.
    Why,
    /// Before "about", which makes it no rough time ("how about 4").
    HowWhat,
    /// Words that make a yes depend on what follows ("yes but").
    Provided,
    /// Words that take back the wish that follows ("I don't want to book").
    Refusing,
    /// A yes that is more than courtesy.
    Yes,
    /// Directly before an answer that is spoken of, not given ("say yes").
    Reporting,
    /// Before a colon, those who are made to say something ("Bot: yes").
    Speakers,
    /// Words that only hold a sentence together; a message is understood without them.
    Small,
    /// Words at which a clause begins after them.
    ClauseStarts,
    /// Words before which a clause ends.
    ClauseEnds,

    // ---- times ----
    /// What a number before it counts, so that the number is no hour ("2 bedrooms").
    Counted,
    /// What the number before it is a place among, so that it is no day ("the second floor").
    PlaceInARow,
    /// Between minutes and an hour ("half past ten").
    OfTheClock,
    /// Before an hour that is proposed ("can you do 4?").
    Proposing,
    /// After an hour that is proposed.
    ProposedAfter,
    /// "later than"
    LaterThan,
    /// "earlier than"
    EarlierThan,
    /// "no later than", which ends in "later than".
    NoLaterThan,
    /// "no earlier than", "not before", which end in their opposites.
    NoEarlierThan,
    /// Not on ("not", "any day but").
    NotOn,
    /// Before a time that is impossible ("can't make it").
    Cannot,
    /// Between those and the time ("make it", "come").
    CannotDo,
    /// After a time that is impossible ("doesn't work").
    Impossible,
    /// After a time from which on all are possible ("or later").
    OrLater,
    /// After a time until which all are possible ("or earlier").
    OrEarlier,
    /// After a time, and from then on ("onwards").
    Onwards,
    /// Several units of time, which name no stretch ("the weeks").
    UnitsSeveral,
    /// The second half of "week-end".
    WeekEnd,
    /// Small words before a time that say nothing ("any time").
    TimeNoun,
    /// "as soon as possible"
    SoonAsPossible,
    /// "as late as possible"
    LateAsPossible,
    /// After "first", where it wishes for the earliest ("first available").
    FirstOf,
    /// After "next", where it wishes for the earliest ("next opening").
    NextOf,
    /// Before "later", where it takes leave ("see you later").
    Parting,
    /// After "later", where it takes leave.
    LaterFarewell,
    /// Words that hold a time expression together and say nothing ("sometime", "maybe").
    TimeFiller,
}
