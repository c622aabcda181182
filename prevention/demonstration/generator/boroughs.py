"""The 33 London boroughs with streets that belong to them: facts, written down by hand for this product.

Street names and outward codes are real; house numbers, inward codes and everybody living there are invented.
Codes are the Office for National Statistics' E09000001 to E09000033 (domain.md 5.5); latitude and longitude
are the borough's approximate middle in degrees (WGS 84).
"""

from functools import cache
from typing import NamedTuple


class Street(NamedTuple):
    """A street and the outward code it lies in; ``locality`` is empty unless post carries one."""

    name: str
    outward: str
    locality: str
    town: str


class Borough(NamedTuple):
    """A borough: ``weight`` is its share of homes (one per 100,000 people), ``spread`` its half width in degrees."""

    code: str
    name: str
    latitude: float
    longitude: float
    weight: int
    inner: bool
    spread: float
    streets: tuple[Street, ...]


_LONDON_AREAS = ("EC", "WC", "NW", "SE", "SW", "E", "N", "W")

#: Post towns of the outward codes outside the London postal district, by outward code.
_POST_TOWNS = {
    "BR1": "Bromley", "BR2": "Bromley", "BR3": "Beckenham", "BR4": "West Wickham", "BR5": "Orpington",
    "BR6": "Orpington", "BR7": "Chislehurst", "CR0": "Croydon", "CR2": "South Croydon", "CR4": "Mitcham",
    "CR5": "Coulsdon", "CR7": "Thornton Heath", "CR8": "Purley", "DA5": "Bexley", "DA6": "Bexleyheath",
    "DA7": "Bexleyheath", "DA8": "Erith", "DA14": "Sidcup", "DA15": "Sidcup", "DA16": "Welling",
    "DA17": "Belvedere", "EN1": "Enfield", "EN2": "Enfield", "EN3": "Enfield", "EN4": "Barnet", "EN5": "Barnet",
    "HA0": "Wembley", "HA1": "Harrow", "HA2": "Harrow", "HA3": "Harrow", "HA4": "Ruislip", "HA5": "Pinner",
    "HA6": "Northwood", "HA7": "Stanmore", "HA8": "Edgware", "HA9": "Wembley", "IG1": "Ilford", "IG2": "Ilford",
    "IG3": "Ilford", "IG5": "Ilford", "IG6": "Ilford", "IG7": "Chigwell", "IG8": "Woodford Green",
    "IG11": "Barking", "KT1": "Kingston upon Thames", "KT2": "Kingston upon Thames", "KT3": "New Malden",
    "KT4": "Worcester Park", "KT5": "Surbiton", "KT6": "Surbiton", "KT9": "Chessington", "RM1": "Romford",
    "RM3": "Romford", "RM5": "Romford", "RM7": "Romford", "RM8": "Dagenham", "RM9": "Dagenham",
    "RM10": "Dagenham", "RM11": "Hornchurch", "RM12": "Hornchurch", "RM13": "Rainham", "RM14": "Upminster",
    "SM1": "Sutton", "SM2": "Sutton", "SM3": "Sutton", "SM4": "Morden", "SM5": "Carshalton", "SM6": "Wallington",
    "TW1": "Twickenham", "TW2": "Twickenham", "TW3": "Hounslow", "TW4": "Hounslow", "TW5": "Hounslow",
    "TW7": "Isleworth", "TW8": "Brentford", "TW9": "Richmond", "TW10": "Richmond", "TW11": "Teddington",
    "TW12": "Hampton", "TW13": "Feltham", "TW14": "Feltham", "UB1": "Southall", "UB2": "Southall", "UB3": "Hayes",
    "UB4": "Hayes", "UB5": "Northolt", "UB6": "Greenford", "UB7": "West Drayton", "UB8": "Uxbridge",
    "UB10": "Uxbridge",
}  # fmt: skip

#: One borough a paragraph: number, name, latitude, longitude, weight, i(nner) or o(uter); then its streets as
#: ``name, outward`` or ``name, outward, locality``.
_BOROUGHS = """
1|City of London|51.5156|-0.0919|1|i
Fore Street, EC2Y; Fann Street, EC2Y; Silk Street, EC2Y; Aldersgate Street, EC1A; Little Britain, EC1A
Cloth Fair, EC1A; Golden Lane, EC1Y; Carter Lane, EC4V; Bride Lane, EC4Y; Fleet Street, EC4Y; Creechurch Lane, EC3A

2|Barking and Dagenham|51.5540|0.1340|2|o
Longbridge Road, IG11; Ripple Road, IG11; Upney Lane, IG11; Becontree Avenue, RM8; Bennetts Castle Lane, RM8
Parsloes Avenue, RM9; Gale Street, RM9; Heathway, RM10; Oxlow Lane, RM10; Rainham Road South, RM10

3|Barnet|51.6100|-0.2000|4|o
Ballards Lane, N3; Regents Park Road, N3; East End Road, N2; High Road, N12; Brent Street, NW4; Watford Way, NW4
Golders Green Road, NW11; Cricklewood Lane, NW2; The Broadway, NW7, Mill Hill; Deans Lane, HA8; Wood Street, EN5
Longmore Avenue, EN5; Cat Hill, EN4

4|Bexley|51.4600|0.1400|2|o
Broadway, DA6; Long Lane, DA7; Brampton Road, DA7; Bexley Road, DA8; Bellegrove Road, DA16
Upper Wickham Lane, DA16; Nuxley Road, DA17; Blackfen Road, DA15; Station Road, DA15; High Street, DA14
Parkhill Road, DA5

5|Brent|51.5500|-0.2700|3|o
Harrow Road, HA0; Ealing Road, HA0; Forty Lane, HA9; Preston Road, HA9; Church Road, NW10; Craven Park Road, NW10
Chamberlayne Road, NW10; Kingsbury Road, NW9; Dollis Hill Lane, NW2; Willesden Lane, NW6; Salusbury Road, NW6

6|Bromley|51.3900|0.0400|3|o
Widmore Road, BR1; Masons Hill, BR2; Hayes Lane, BR2; Croydon Road, BR3; Bromley Road, BR3; Village Way, BR3
Station Road, BR4; Petts Wood Road, BR5, Petts Wood; Crofton Road, BR6; Sevenoaks Road, BR6; High Street, BR7
Anerley Road, SE20; Maple Road, SE20

7|Camden|51.5430|-0.1500|2|i
Camden Road, NW1; Royal College Street, NW1; Parkway, NW1; Haverstock Hill, NW3; Fleet Road, NW3; Finchley Road, NW3
Kentish Town Road, NW5; Fortess Road, NW5; Malden Road, NW5; West End Lane, NW6; Theobalds Road, WC1X
Marchmont Street, WC1N

8|Croydon|51.3720|-0.0900|4|o
London Road, CR0; St James's Road, CR0; Lower Addiscombe Road, CR0; Wickham Road, CR0
Central Parade, CR0, New Addington; Brighton Road, CR2; Selsdon Road, CR2; Brigstock Road, CR7
Whitehorse Lane, SE25; Portland Road, SE25; Chipstead Valley Road, CR5; Godstone Road, CR8

9|Ealing|51.5200|-0.3300|4|o
Uxbridge Road, W13; Northfield Avenue, W13; South Ealing Road, W5; Pitshanger Lane, W5; Churchfield Road, W3
Horn Lane, W3; Greenford Avenue, W7; Boston Road, W7; Lady Margaret Road, UB1; Western Road, UB2; Church Road, UB5
Oldfield Lane South, UB6

10|Enfield|51.6480|-0.0800|3|o
Southbury Road, EN1; Baker Street, EN1; Lancaster Road, EN2; Chase Side, EN2; Hertford Road, EN3
High Street, EN3, Ponders End; Green Lanes, N13; Aldermans Hill, N13; Bury Street, N9; Ridge Avenue, N21
Chase Road, N14

11|Greenwich|51.4750|0.0300|3|i
Trafalgar Road, SE10; Royal Hill, SE10; Woolwich Road, SE7; Charlton Church Lane, SE7; Plumstead High Street, SE18
Plumstead Common Road, SE18; Herbert Road, SE18; Well Hall Road, SE9; Westmount Road, SE9; Humber Road, SE3
Eynsham Drive, SE2

12|Hackney|51.5500|-0.0600|3|i
Mare Street, E8; Graham Road, E8; Sandringham Road, E8; Lower Clapton Road, E5; Chatsworth Road, E5; Well Street, E9
Homerton High Street, E9; Stoke Newington Church Street, N16; Amhurst Park, N16; Hoxton Street, N1; Pitfield Street, N1
Brownswood Road, N4

13|Hammersmith and Fulham|51.4930|-0.2230|2|i
Fulham Palace Road, W6; Hammersmith Grove, W6; Goldhawk Road, W12; Askew Road, W12; Uxbridge Road, W12
Du Cane Road, W12; Lillie Road, SW6; Munster Road, SW6; Wandsworth Bridge Road, SW6; North End Road, W14
Blythe Road, W14

14|Haringey|51.5880|-0.1050|3|i
West Green Road, N15; Philip Lane, N15; Lordship Lane, N17; High Road, N17; Bruce Grove, N17; Turnpike Lane, N8
Tottenham Lane, N8; Myddleton Road, N22; Muswell Hill Broadway, N10; Fortis Green Road, N10; Archway Road, N6

15|Harrow|51.5870|-0.3380|3|o
Station Road, HA1; Pinner Road, HA1; Lowlands Road, HA1; Imperial Drive, HA2; Eastcote Lane, HA2; Kenton Lane, HA3
High Road, HA3, Harrow Weald; Marsh Road, HA5; Bridge Street, HA5; Church Road, HA7; Honeypot Lane, HA7
Whitchurch Lane, HA8

16|Havering|51.5640|0.2200|2|o
South Street, RM1; Victoria Road, RM1; Straight Road, RM3; Gubbins Lane, RM3, Harold Wood; Collier Row Lane, RM5
Chase Cross Road, RM5; London Road, RM7; North Street, RM11; Abbs Cross Lane, RM12; Elm Park Avenue, RM12
Upminster Road South, RM13; Corbets Tey Road, RM14; St Mary's Lane, RM14

17|Hillingdon|51.5360|-0.4480|3|o
Cowley Road, UB8; Long Lane, UB10; Swakeleys Road, UB10, Ickenham; Uxbridge Road, UB4; Yeading Lane, UB4
Coldharbour Lane, UB3; Station Road, UB7; Harmondsworth Road, UB7; Victoria Road, HA4; Field End Road, HA4
Pinner Road, HA6; Green Lane, HA6

18|Hounslow|51.4690|-0.3670|3|o
Staines Road, TW3; Whitton Road, TW3; Wellington Road South, TW4; Heston Road, TW5; Twickenham Road, TW7
London Road, TW7; Boston Manor Road, TW8; High Street, TW8; Chiswick High Road, W4; Devonshire Road, W4
High Street, TW13; Bedfont Lane, TW14

19|Islington|51.5460|-0.1060|2|i
Holloway Road, N7; Tufnell Park Road, N7; Upper Street, N1; Essex Road, N1; Liverpool Road, N1
Newington Green Road, N1; Highbury Park, N5; Highbury Grove, N5; Junction Road, N19; Hazellville Road, N19
Exmouth Market, EC1R; Whitecross Street, EC1Y

20|Kensington and Chelsea|51.5020|-0.1940|2|i
Ladbroke Grove, W10; Golborne Road, W10; Kensal Road, W10; Portobello Road, W11; Lancaster Road, W11
Abingdon Road, W8; Earls Court Road, SW5; Gloucester Road, SW7; Sydney Street, SW3; Edith Grove, SW10

21|Kingston upon Thames|51.3950|-0.2900|2|o
Cambridge Road, KT1; Villiers Road, KT1; Penrhyn Road, KT1; Richmond Road, KT2; Kings Road, KT2; Burlington Road, KT3
Kingston Road, KT3; Ewell Road, KT6; Brighton Road, KT6; King Charles Road, KT5; Raeburn Avenue, KT5
Leatherhead Road, KT9; Moor Lane, KT9

22|Lambeth|51.4570|-0.1170|3|i
Brixton Road, SW9; Coldharbour Lane, SW9; Landor Road, SW9; Brixton Hill, SW2; Acre Lane, SW2
Streatham High Road, SW16; Leigham Court Road, SW16; Clapham High Street, SW4; Norwood Road, SE27; Knights Hill, SE27
Kennington Road, SE11; Lambeth Walk, SE11; South Lambeth Road, SW8; Railton Road, SE24

23|Lewisham|51.4520|-0.0200|3|i
Lewisham High Street, SE13; Hither Green Lane, SE13; Burnt Ash Road, SE12; Baring Road, SE12; Rushey Green, SE6
Catford Hill, SE6; Brockley Road, SE4; Evelyn Street, SE8; Deptford High Street, SE8; New Cross Road, SE14
Perry Vale, SE23; Sydenham Road, SE26; Kirkdale, SE26

24|Merton|51.4100|-0.1950|2|o
Merton High Street, SW19; Haydons Road, SW19; Kenley Road, SW19; Durham Road, SW20; Grand Drive, SW20
Coombe Lane, SW20; London Road, CR4; Commonside East, CR4; Western Road, CR4; Central Road, SM4
St Helier Avenue, SM4

25|Newham|51.5250|0.0350|4|i
Woodgrange Road, E7; Upton Lane, E7; High Street North, E6; High Street South, E6; Prince Regent Lane, E13
Barking Road, E13; Plaistow Road, E15; Leytonstone Road, E15; West Ham Lane, E15; Freemasons Road, E16
Victoria Dock Road, E16; Romford Road, E12

26|Redbridge|51.5770|0.0690|3|o
Cranbrook Road, IG1; Ilford Lane, IG1; Benton Road, IG1; Horns Road, IG2; Goodmayes Road, IG3; Fullwell Avenue, IG5
Clayhall Avenue, IG5, Clayhall; Fencepiece Road, IG6; Manford Way, IG7; Snakes Lane East, IG8; Hermon Hill, E18
George Lane, E18; High Street, E11, Wanstead

27|Richmond upon Thames|51.4430|-0.3080|2|o
Sheen Road, TW9; Kew Road, TW9; Petersham Road, TW10; Ham Street, TW10; Sheen Lane, SW14; Mortlake High Street, SW14
Castelnau, SW13; Lonsdale Road, SW13; Richmond Road, TW1; Nelson Road, TW2; High Street, TW11; Waldegrave Road, TW11
Uxbridge Road, TW12

28|Southwark|51.4870|-0.0780|3|i
Walworth Road, SE17; East Street, SE17; Tower Bridge Road, SE1; Long Lane, SE1; Jamaica Road, SE16; Lower Road, SE16
Southwark Park Road, SE16; Rye Lane, SE15; Queens Road, SE15; Camberwell Church Street, SE5; Lordship Lane, SE22
Barry Road, SE22; Dulwich Village, SE21

29|Sutton|51.3610|-0.1840|2|o
High Street, SM1; Carshalton Road, SM1; Collingwood Road, SM1; Brighton Road, SM2; Malden Road, SM3, Cheam
Green Wrythe Lane, SM5; North Street, SM5; Stafford Road, SM6; Manor Road, SM6; London Road, SM6
Central Road, KT4

30|Tower Hamlets|51.5190|-0.0300|3|i
Commercial Road, E1; Cable Street, E1; Whitechapel Road, E1; Brick Lane, E1; Bethnal Green Road, E2
Cambridge Heath Road, E2; Roman Road, E3; Bow Road, E3; St Paul's Way, E3; East India Dock Road, E14
Manchester Road, E14; Poplar High Street, E14; Wapping Lane, E1W

31|Waltham Forest|51.5900|-0.0120|3|o
Hoe Street, E17; Forest Road, E17; High Street, E17; Blackhorse Road, E17; Lea Bridge Road, E10; Francis Road, E10
Grove Green Road, E11; Cann Hall Road, E11; Chingford Mount Road, E4; Old Church Road, E4; Hall Lane, E4
Larkshall Road, E4

32|Wandsworth|51.4520|-0.1830|3|i
Garratt Lane, SW18; Merton Road, SW18; Replingham Road, SW18; Tooting High Street, SW17; Mitcham Road, SW17
Bedford Hill, SW12; Northcote Road, SW11; Lavender Hill, SW11; Falcon Road, SW11; Upper Richmond Road, SW15
Roehampton Lane, SW15; Danebury Avenue, SW15; Queenstown Road, SW8

33|Westminster|51.5120|-0.1550|2|i
Harrow Road, W9; Elgin Avenue, W9; Shirland Road, W9; Praed Street, W2; Queensway, W2; Lupus Street, SW1V
Warwick Way, SW1V; Horseferry Road, SW1P; Marsham Street, SW1P; Church Street, NW8; Abbey Road, NW8
Marylebone High Street, W1U; Old Compton Street, W1D; Drury Lane, WC2B
"""


def post_town(outward: str) -> str:
    """The post town of an outward code; ``London`` inside the London postal district. ValueError when not listed."""
    if outward in _POST_TOWNS:
        return _POST_TOWNS[outward]
    letters = outward[: 2 if outward[1].isalpha() else 1]
    if letters in _LONDON_AREAS:
        return "London"
    raise ValueError(f"no post town is known for {outward}")


def _street(text: str) -> Street:
    name, outward, locality = (*(part.strip() for part in text.split(",")), "")[:3]
    return Street(name, outward, locality, post_town(outward))


def _borough(paragraph: str) -> Borough:
    head, _, body = paragraph.partition("\n")
    number, name, latitude, longitude, weight, ring = head.split("|")
    streets = tuple(_street(text) for text in body.replace("\n", ";").split(";"))
    return Borough(
        code=f"E090000{int(number):02d}",
        name=name,
        latitude=float(latitude),
        longitude=float(longitude),
        weight=int(weight),
        inner=ring == "i",
        spread=0.004 if name == "City of London" else 0.014,
        streets=streets,
    )


@cache
def boroughs() -> tuple[Borough, ...]:
    """All 33 boroughs in the order of their codes."""
    return tuple(_borough(paragraph) for paragraph in _BOROUGHS.strip().split("\n\n"))
