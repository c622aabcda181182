"""Invented people: names of the communities London is made of, and the numbers no real person can have.

NHS numbers come from the range that is never issued, 999 000 0000 to 999 999 9999, with the right check digit
(domain.md 5.3). Telephone numbers come from the ranges Ofcom keeps free for drama; when a world is too big for
those they start 020 0, as no London number does. E-mail addresses are in reserved domains.
"""

from random import Random
from typing import NamedTuple

from prevention.demonstration.generator.word_lists import words


class Person(NamedTuple):
    """Somebody invented. ``birth`` is an ordinal day (``date.toordinal``); ``birth_surname`` differs after marriage."""

    key: str
    forename: str
    middle: str
    surname: str
    birth_surname: str
    birth: int
    sex: str
    nhs_number: str
    phone: str
    email: str


class Community(NamedTuple):
    """Names that go together. ``gendered`` surnames end in -ski for men and -ska for women."""

    men: tuple[str, ...]
    women: tuple[str, ...]
    surnames: tuple[str, ...]
    weight: int
    old_men: tuple[str, ...] = ()
    old_women: tuple[str, ...] = ()
    gendered: bool = False


_BRITISH_OLD_MEN = words(
    "Albert Alfred Arthur Bernard Brian Cyril Dennis Derek Donald Douglas Edward Eric Ernest Francis "
    "Frank Frederick Geoffrey George Gerald Gordon Harold Henry Herbert Jack James John Kenneth "
    "Leonard Leslie Maurice Norman Peter Raymond Reginald Robert Ronald Roy Sidney Stanley Terence "
    "Thomas Victor Walter William"
)
_BRITISH_OLD_WOMEN = words(
    "Ada Alice Audrey Barbara Beryl Betty Brenda Constance Daphne Doreen Doris Dorothy Edith Edna "
    "Eileen Elsie Ethel Florence Gladys Gwendoline Hilda Irene Iris Jean Joan Joyce June Kathleen "
    "Lilian Margaret Marjorie Maureen Mavis Muriel Olive Pamela Patricia Phyllis Queenie Rita Ruby "
    "Sheila Sylvia Vera Violet Winifred"
)
_COMMUNITIES: tuple[Community, ...] = (
    Community(
        men=words(
            "Adam Alan Alexander Andrew Anthony Barry Benjamin Callum Charles Christopher Colin Daniel Darren "
            "David Dean Dominic Edward Gareth Gary Graham Harry Ian Jack Jamie Jason Jonathan Joseph Joshua "
            "Keith Kevin Lee Liam Luke Malcolm Mark Martin Matthew Michael Nathan Neil Nicholas Nigel Oliver "
            "Oscar Paul Philip Richard Ross Russell Samuel Scott Shaun Simon Stephen Steven Stuart Timothy "
            "Toby Trevor Wayne"
        ),
        women=words(
            "Abigail Alison Amanda Amelia Amy Andrea Angela Anna Beth Bethany Carol Caroline Catherine "
            "Charlotte Chloe Christine Claire Danielle Dawn Deborah Debra Diane Elaine Elizabeth Emily Emma "
            "Freya Georgia Gillian Grace Hannah Hayley Helen Jacqueline Jane Janet Jennifer Jessica Joanne "
            "Julie Karen Katherine Kelly Kerry Laura Leanne Linda Lisa Louise Lucy Megan Michelle Natalie "
            "Nicola Olivia Rachel Rebecca Ruth Sally Samantha Sarah Sharon Sophie Stephanie Susan Theresa "
            "Tina Tracey Victoria Wendy Yvonne Zoe"
        ),
        surnames=words(
            "Abbott Adams Allen Andrews Appleby Armstrong Atkins Bailey Baker Barker Barnes Barrett Bates "
            "Beaumont Bell Bennett Bishop Blackwell Booth Bradley Brooks Brown Bryant Burgess Burton Butler "
            "Carpenter Carter Chapman Clarke Coleman Collins Cook Cooper Cox Crawford Cross Curtis Davies "
            "Davis Dawson Dixon Dunn Edwards Elliott Ellis Evans Farmer Fisher Fletcher Ford Foster Fox "
            "Francis Freeman Frost Gibson Gilbert Goddard Graham Gray Green Griffiths Hall Hammond Harding "
            "Harper Harris Harrison Hart Harvey Hawkins Hayward Hill Hodgson Holland Holmes Howard Hudson "
            "Hughes Hunt Hunter Ingram Jackson James Jenkins Johnson Jones Jordan King Knight Lambert Lane "
            "Lawrence Lee Lewis Lloyd Long Marsh Marshall Mason Matthews May Miller Mills Mitchell Moore "
            "Morgan Morris Murray Newman Nicholls Norton Owen Page Palmer Parker Parry Parsons Payne Pearce "
            "Perkins Perry Phillips Poole Porter Potter Powell Price Pritchard Reed Reid Reynolds Richards "
            "Richardson Roberts Robinson Rogers Rose Rowe Russell Saunders Scott Sharp Shaw Shepherd Simpson "
            "Skinner Slater Smith Spencer Stephens Stevens Stewart Stone Sutton Taylor Thomas Thompson "
            "Thomson Tucker Turner Walker Wallis Walsh Ward Warren Watkins Watson Watts Webb Wells West "
            "Wheeler White Wilkins Williams Willis Wilson Wood Woodward Wright Wyatt Young"
        ),
        weight=40,
        old_men=_BRITISH_OLD_MEN,
        old_women=_BRITISH_OLD_WOMEN,
    ),
    Community(
        men=words(
            "Aidan Brendan Cian Ciarán Colm Conor Cormac Declan Donal Eamonn Eoin Fergus Finbar Kieran Liam "
            "Niall Oisín Pádraig Patrick Seán Séamus Tadhg"
        ),
        women=words(
            "Aisling Aoife Bernadette Bríd Bridget Caoimhe Ciara Clodagh Deirdre Fionnuala Gráinne Máire "
            "Maeve Mairéad Niamh Nuala Oonagh Órla Róisín Saoirse Sinéad Siobhán Úna"
        ),
        surnames=words(
            "Brennan Byrne Callaghan Connolly Daly Doherty Donnelly Doyle Duffy Fitzgerald Flanagan Flynn "
            "Gallagher Geraghty Keane Kavanagh Kelly Kennedy MacNamara Maguire McCarthy McDermott McGrath "
            "McLoughlin Moran Murphy Nolan O'Brien O'Connor O'Donnell O'Keeffe O'Neill O'Reilly O'Sullivan "
            "Quinn Regan Sheehan Sweeney Tierney"
        ),
        weight=7,
    ),
    Community(
        men=words("Curtis Delroy Desmond Devon Errol Everton Jerome Leroy Lloyd Marlon Neville Tyrone Vivian Winston"),
        women=words(
            "Beverley Chantelle Cherelle Claudette Delores Hyacinth Icilda Jacinta Marcia Merlene Monique "
            "Paulette Shanice Shereen Sonia Valerie Yvette"
        ),
        surnames=words(
            "Alleyne Bailey Barrett Beckford Blake Brathwaite Campbell Clarke Cumberbatch Dacosta Douglas "
            "Ferguson Gayle Gordon Grant Henry Lindo McKenzie Morrison Palmer Pinnock Reid Samuels Senior "
            "St._Louis Sterling Thompson Wynter"
        ),
        weight=7,
    ),
    Community(
        men=words(
            "Abdul Ahmed Ali Asif Bilal Faisal Farhan Hamza Hassan Ibrahim Imran Irfan Jamal Kamran Khalid "
            "Mahmood Mohammed Mustafa Nadeem Nasir Omar Rashid Rehan Saeed Shafiq Shahid Tariq Usman Waqas "
            "Yusuf Zahid"
        ),
        women=words(
            "Aisha Amina Asma Ayesha Bushra Farah Farzana Fatima Halima Hina Khadija Maryam Mehreen Nadia "
            "Nasreen Nazia Parveen Rabia Rukhsana Saima Salma Samina Shabana Shazia Sumaiya Tahira Yasmin "
            "Zainab"
        ),
        surnames=words(
            "Ahmed Akhtar Ali Anwar Aslam Begum Bhatti Butt Chaudhry Choudhury Haque Hossain Hussain Iqbal "
            "Islam Javed Karim Khan Khatun Mahmood Malik Miah Mirza Nawaz Qureshi Rahman Rashid Raza Saleem "
            "Shah Sheikh Siddiqui Uddin Ullah"
        ),
        weight=11,
    ),
    Community(
        men=words(
            "Ajay Amit Anil Arjun Ashok Bhavesh Deepak Dinesh Gurpreet Harjit Hitesh Jagdish Kiran Mahesh "
            "Manish Mohan Nikhil Pravin Rajesh Rakesh Ramesh Ravi Rohan Sanjay Sunil Suresh Vijay Vikram"
        ),
        women=words(
            "Amrita Anita Anjali Bhavna Daxa Deepa Geeta Harpreet Hema Indira Jaspreet Jyoti Kamala Kavita "
            "Lata Manjit Meena Nisha Padma Pooja Pushpa Radha Rekha Savita Shobha Sunita Sushila Usha Vandana"
        ),
        surnames=words(
            "Ahluwalia Bains Bhatt Chopra Desai Dhillon Gandhi Gill Gupta Iyer Joshi Kapoor Kaur Krishnan "
            "Kumar Mehta Mistry Nair Pandya Parmar Patel Rao Reddy Sandhu Shah Sharma Singh Sivakumar Solanki "
            "Thakkar Trivedi Vaghela Verma"
        ),
        weight=10,
    ),
    Community(
        men=words(
            "Adam Andrzej Bartosz Dariusz Grzegorz Jakub Jan Janusz Józef Kazimierz Krzysztof Łukasz Maciej "
            "Marcin Mateusz Paweł Piotr Rafał Ryszard Stanisław Tomasz Wojciech Zbigniew"
        ),
        women=words(
            "Agnieszka Aleksandra Barbara Beata Bożena Danuta Elżbieta Ewa Grażyna Halina Iwona Joanna "
            "Jolanta Katarzyna Krystyna Magdalena Małgorzata Monika Renata Teresa Urszula Wiesława Zofia"
        ),
        surnames=words(
            "Adamski Dąbrowski Głowacki Grabowski Jabłoński Jankowski Kamiński Kowalski Kozłowski Kwiatkowski "
            "Lewandowski Majewski Nowacki Piotrowski Szymański Wiśniewski Witkowski Zieliński Wójcik Nowak "
            "Mazur Kaczmarek Pawlak Wróbel Zając"
        ),
        weight=6,
        gendered=True,
    ),
    Community(
        men=words(
            "Ahmet Barış Burak Cem Emre Ercan Erdoğan Fatih Hakan Hasan Hüseyin İbrahim Kemal Mehmet Murat "
            "Mustafa Oğuz Osman Özgür Serkan Süleyman Tuncay Volkan Yılmaz"
        ),
        women=words(
            "Ayşe Aylin Ayten Canan Derya Ebru Elif Emine Esra Fatma Filiz Gülay Gülşen Hatice Hülya Leyla "
            "Meltem Nuray Özlem Pınar Selin Sevgi Şükran Tülay Zeynep"
        ),
        surnames=words(
            "Acar Akar Aksoy Arslan Aydın Bulut Çelik Çetin Demir Doğan Erdem Gül Güneş Kaplan Kaya Kılıç Koç "
            "Korkmaz Öztürk Polat Şahin Şen Taş Yalçın Yıldırım Yıldız Yılmaz"
        ),
        weight=5,
    ),
    Community(
        men=words(
            "Adebayo Adewale Ayodele Babatunde Chidi Chinedu Chukwuemeka Ebuka Emeka Femi Ifeanyi Kayode "
            "Kelechi Kwame Kofi Obinna Olumide Oluwaseun Segun Tobi Tunde Uche Yaw"
        ),
        women=words(
            "Abiola Abosede Adaeze Adwoa Akosua Amara Bisi Bukola Chiamaka Chioma Ebele Folake Funmilayo "
            "Ifeoma Ngozi Nkechi Olabisi Omolara Segilola Temitope Titilayo Yetunde"
        ),
        surnames=words(
            "Abiodun Acheampong Adebayo Adeleke Adeyemi Afolabi Agyeman Ajayi Akinola Amoah Asante Bakare "
            "Balogun Boateng Chukwu Danso Eze Ibe Mensah Nwosu Obi Ogunleye Okafor Okeke Okonkwo Oladipo "
            "Olawale Onyeka Opoku Osei Owusu"
        ),
        weight=8,
    ),
    Community(
        men=words(
            "António Carlos Diogo Duarte Fábio Fernando Francisco Gonçalo João Jorge José Luís Manuel Mário "
            "Miguel Nuno Paulo Pedro Rui Sérgio Tiago Vítor"
        ),
        women=words(
            "Ana Beatriz Carla Catarina Célia Cláudia Conceição Fátima Filipa Inês Joana Lúcia Luísa Mafalda "
            "Margarida Maria Mónica Patrícia Rosa Sónia Teresa Vânia"
        ),
        surnames=words(
            "Almeida Araújo Barbosa Cardoso Carvalho Coelho Correia Costa Da_Silva Dos_Santos Ferreira "
            "Figueiredo Fonseca Gomes Gonçalves Lopes Magalhães Marques Martins Mendes Neves Nunes Pereira "
            "Pinto Ribeiro Rodrigues Simões Sousa Teixeira"
        ),
        weight=4,
    ),
    Community(
        men=words("Bo Chi-Keung Chun Haoran Jian Jiahao Kwok-Wai Lei Ming Siu-Ming Wai Wei Weiming Xiang Yong Zhiwei"),
        women=words(
            "Fang Guiying Hui Jing Lai-Ching Li Lin Mei Mei-Ling Ning Qian Suk-Yee Wai-Lan Xia Xiaoling Yan "
            "Yuk-Lan Ying"
        ),
        surnames=words(
            "Chan Chen Cheng Cheung Chow Fong Ho Huang Kwan Kwok Lam Lau Leung Li Lin Liu Ng Tang Tsang Wang "
            "Wong Wu Xu Yang Yeung Zhang Zhao Zhou"
        ),
        weight=4,
    ),
    Community(
        men=words(
            "Abbas Abdulrahman Adel Ahmad Amir Anas Faris Hadi Hani Hussein Karim Khaled Mahdi Mahmoud Nabil "
            "Rami Salim Samir Tarek Youssef Ziad"
        ),
        women=words(
            "Abeer Amal Dalia Dina Farida Ghada Hala Hanan Huda Iman Layla Lina Mona Nour Rana Rania Samira "
            "Suad Widad Zahra"
        ),
        surnames=words(
            "Abbas Abdallah Al-Hassan Al-Jabiri Al-Masri Al-Rashid Aziz Darwish El-Sayed Farouk Ghanem Haddad "
            "Hamdan Hijazi Ibrahim Jaber Khalil Khoury Mansour Mustafa Nasser Osman Saleh Salman Shaheen "
            "Younis"
        ),
        weight=5,
    ),
    Community(
        men=words("Abdi Abdirahman Abdullahi Bashir Farah Guled Ismail Jama Mohamed Mohamud Omar Said Warsame Yasin"),
        women=words("Amina Asha Ayaan Deqa Fadumo Faiza Halimo Hamdi Hodan Ifrah Ladan Maryan Nasra Sahra Zamzam"),
        surnames=words(
            "Abdi Adan Ahmed Ali Aden Dahir Duale Egal Farah Gedi Hassan Hersi Hussein Jama Mohamed Mohamud "
            "Nur Omar Osman Roble Said Warsame Yusuf"
        ),
        weight=3,
    ),
    Community(
        men=words("Alexandru Andrei Bogdan Cristian Florin Gheorghe Ion Ionuț Marius Mihai Nicolae Radu Ștefan Vasile"),
        women=words(
            "Adelina Alina Ana-Maria Andreea Cristina Daniela Elena Gabriela Ileana Ioana Mihaela Raluca Simona"
        ),
        surnames=words(
            "Barbu Ciobanu Constantin Dima Dumitru Florea Georgescu Ionescu Ioniță Marin Matei Munteanu "
            "Popescu Popa Radu Rusu Stan Stoica Țurcanu Vasilescu"
        ),
        weight=3,
    ),
)
_MIDDLE_MEN = words(
    "Adrian Alan Albert Andrew Carl David Edward George Henry James John Joseph Lee Paul Peter Robert Thomas William"
)
_MIDDLE_WOMEN = words(
    "Ann Anne Claire Elizabeth Frances Grace Jane Jean Joy Louise Margaret Marie Mary May Rose Ruth Sarah Victoria"
)
_COMMUNITY_WEIGHTS = tuple(community.weight for community in _COMMUNITIES)

#: From about 66 years on, people bear the forenames of their time.
_OLD_AGE_DAYS = 24_000

_DRAMA_AREAS = ("0113 496", "0114 496", "0115 496", "0116 496", "0117 496", "0118 496", "0121 496", "0151 496",
                "0161 496", "0191 498", "01632 960")  # fmt: skip
_MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")


def community(rng: Random) -> Community:
    """Draw a community as London is made up."""
    return rng.choices(_COMMUNITIES, _COMMUNITY_WEIGHTS)[0]


def forename(rng: Random, names: Community, sex: str, age_days: int) -> str:
    """A forename of that community, ``sex`` M or F; old people have old people's names."""
    old = age_days > _OLD_AGE_DAYS
    if sex == "M":
        return rng.choice(names.old_men if old and names.old_men else names.men)
    return rng.choice(names.old_women if old and names.old_women else names.women)


def surname(names: Community, family_name: str, sex: str) -> str:
    """The family's name as this person bears it: Kowalski's wife is Kowalska."""
    if names.gendered and sex == "F" and family_name.endswith("ki"):
        return family_name[:-1] + "a"
    return family_name


def nhs_number(serial: int) -> str:
    """The ``serial``-th number of the range 999, spaced 3-3-4; empty where the check digit would be 10.

    Serial numbers from 0; a million of them exist, beyond that the answer is empty (domain.md 5.3).
    """
    if not 0 <= serial < 1_000_000:
        return ""
    nine = f"999{(serial * 611_953 + 123_457) % 1_000_000:06d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    if check == 10:
        return ""
    ten = f"{nine}{0 if check == 11 else check}"
    return f"{ten[:3]} {ten[3:6]} {ten[6:]}"


def phone_number(serial: int) -> str:
    """The ``serial``-th telephone number, without spaces: drama numbers first, then London ones nobody can have."""
    turn, sort = divmod(serial, 3)
    if sort == 0 and turn < 1_000:
        return f"07700900{turn * 377 % 1_000:03d}"
    if sort == 1 and turn < 1_000:
        return f"02079460{turn * 591 % 1_000:03d}"
    if sort == 2 and turn < 1_000 * len(_DRAMA_AREAS):
        area, number = divmod(turn, 1_000)
        return f"{_DRAMA_AREAS[area].replace(' ', '')}{'0' if len(_DRAMA_AREAS[area]) == 8 else ''}{number:03d}"
    return f"0200{(serial * 6_700_417 + 2_345_678) % 10_000_000:07d}"


def email_address(rng: Random, first: str, last: str) -> str:
    """An e-mail address in a reserved domain, made from the plain letters of a name."""
    first, last = _plain(first), _plain(last)
    local = rng.choice(
        (f"{first}.{last}", f"{first}{last}", f"{last}.{first}", f"{first[:1]}{last}", f"{first}_{last}")
    )
    return f"{local}{rng.choice(('', '', str(rng.randint(1, 99))))}@{rng.choice(_MAIL_DOMAINS)}"


#: Letters whose accents a desk leaves out.
PLAIN_LETTERS = str.maketrans(
    "ąćęłńóśźżĄĆĘŁŃÓŚŹŻçğıöşüÇĞİÖŞÜáàâãéêíõúñÁÀÂÃÉÊÍÕÚȚțȘș",
    "acelnoszzACELNOSZZcgiosuCGIOSUaaaaeeiounAAAAEEIOUTtSs",
)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.translate(PLAIN_LETTERS).lower() if letter.isascii() and letter.isalpha())


def family_name(rng: Random, names: Community) -> str:
    """A surname of that community, in the form a man bears."""
    return rng.choice(names.surnames)


def middle_name(rng: Random, sex: str) -> str:
    """A middle name, ``sex`` M or F."""
    return rng.choice(_MIDDLE_MEN if sex == "M" else _MIDDLE_WOMEN)
