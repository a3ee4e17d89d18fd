//! Money as text and as minor units.
//!
//! Amounts are whole minor units everywhere else (cents for USD, dong for VND), so that sums are exact. How many
//! decimals a currency has is ISO 4217's to say, and not always two.

use super::document::Problem;

/// ISO 4217 codes in use, without funds and precious metals.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN \
    BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP \
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK \
    LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB \
    PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB \
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// Currencies without minor units.
const WITHOUT_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";

/// Currencies whose minor unit is a thousandth.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// How many decimals a currency has; `None` when there is no such currency.
#[must_use]
pub fn decimals(currency: &str) -> Option<u32> {
    let is_in = |codes: &str| codes.split_ascii_whitespace().any(|code| code == currency);
    match currency {
        _ if is_in(WITHOUT_DECIMALS) => Some(0),
        _ if is_in(THREE_DECIMALS) => Some(3),
        _ if is_in(CODES) => Some(2),
        _ => None,
    }
}

/// Reads an amount such as `25`, `25.5` or `25.00` as minor units.
///
/// # Errors
/// When it is no amount, has more decimals than the currency, or is too large.
pub fn parse(text: &str, decimals: u32) -> Result<u64, Problem> {
    let wrong = || Problem::BadPrice {
        price: text.to_owned(),
        decimals,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let has_only_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fraction_is_missing = text.ends_with('.');
    if whole.is_empty() || fraction_is_missing || !has_only_digits(whole) || !has_only_digits(fraction) {
        return Err(wrong());
    }
    let missing = usize::try_from(decimals)
        .unwrap_or(0)
        .checked_sub(fraction.len())
        .ok_or_else(wrong)?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let minor: u64 = digits.parse().map_err(|_| wrong())?;
    // Stores keep amounts as signed 64-bit numbers, and a wish adds up several.
    if minor > u64::from(u32::MAX) * 1_000 {
        return Err(wrong());
    }
    Ok(minor)
}

/// An amount with all the decimals of its currency and without a sign for it: `25.00`, `350000`.
#[must_use]
pub fn amount(minor: u64, currency: &str) -> String {
    let decimals = usize::try_from(decimals(currency).unwrap_or(2)).unwrap_or(2);
    if decimals == 0 {
        return minor.to_string();
    }
    let padded = format!("{minor:0width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_the_minor_units_of_their_currency() {
        let read = |text: &str, currency: &str| parse(text, decimals(currency).unwrap()).ok();
        assert_eq!(read("25.00", "USD"), Some(2_500));
        assert_eq!(read("25.5", "USD"), Some(2_550));
        assert_eq!(read("25", "USD"), Some(2_500));
        assert_eq!(read("0", "USD"), Some(0));
        assert_eq!(read("350000", "VND"), Some(350_000));
        assert_eq!(read("1.250", "KWD"), Some(1_250));
        for (text, currency) in [
            ("", "USD"),
            (".", "USD"),
            ("5.", "USD"),
            (".5", "USD"),
            ("25.005", "USD"),
            ("350000.0", "VND"),
            ("-3", "USD"),
            ("+3", "USD"),
            ("$3", "USD"),
            ("1e3", "USD"),
            ("99999999999999999999999", "USD"),
            ("9999999999999999", "USD"),
        ] {
            assert_eq!(read(text, currency), None, "{text} {currency}");
        }
    }

    #[test]
    fn amounts_are_written_with_all_their_decimals() {
        assert_eq!(amount(2_500, "USD"), "25.00");
        assert_eq!(amount(5, "USD"), "0.05");
        assert_eq!(amount(1_250, "KWD"), "1.250");
        assert_eq!(amount(350_000, "VND"), "350000");
    }

    #[test]
    fn an_unknown_currency_has_no_decimals_to_tell() {
        assert_eq!(decimals("DOLLARS"), None);
        assert_eq!(decimals("usd"), None);
    }
}
