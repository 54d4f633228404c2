"""Pictures drawn from prompts: their content, and that it is reproducible."""

import io
from typing import Final

import pytest
from PIL import Image, ImageChops, ImageStat

from corpus import CORPUS
from effort import staggered
from pictures import a_phone_picture, a_photo, decoded, encoded, exif, photograph
from spike_contracts.generator import GeneratorContract
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.objects import PictureFormat
from spike_core.ports.generator import Generator
from spike_core.ports.probe import ImageProbe
from spike_pillow import PillowProbe
from spike_procedural import ProceduralGenerator

WIDE: Final = AspectRatio.SIXTEEN_TO_NINE.size(384)
PHOTO_SIZE: Final = Dimensions(width_px=450, height_px=300)
SCENES: Final = (
    "a mountain",
    "a sunset",
    "the sea",
    "a city",
    "a night",
    "a forest",
    "a beach",
    "a desert",
    "a meadow with flowers",
    "a snowy mountain",
    "a lake in the fog",
    "a city in the rain",
    "the aurora",
    "quantum happiness",
)


class TestProceduralGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self) -> Generator:
        return ProceduralGenerator()

    @pytest.fixture
    def lost_generator(self) -> Generator:
        pytest.skip("it has no server")

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


def content(prompt: str, *, negative: str | None = None, size: Dimensions = WIDE) -> bytes:
    unwanted = None if negative is None else Prompt(negative)
    return ProceduralGenerator().generate(Prompt(prompt), negative=unwanted, size=size).content


def drawn(prompt: str, *, negative: str | None = None) -> Image.Image:
    return decoded(content(prompt, negative=negative)).convert("RGB")


def changed(prompt: str, original: bytes | None = None, *, size: Dimensions = PHOTO_SIZE) -> Image.Image:
    data = original or a_photo(size, PictureFormat.PNG)
    picture = ProceduralGenerator().modify(io.BytesIO(data), Prompt(prompt), negative=None, size=size)
    return decoded(picture.content).convert("RGB")


def brightness(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).mean[0])


def warmth(picture: Image.Image) -> float:
    red, _, blue = ImageStat.Stat(picture).mean
    return float(red - blue)


def upper(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, picture.width, picture.height // 2))


def detail(picture: Image.Image) -> float:
    small = picture.resize((picture.width // 4, picture.height // 4)).resize(picture.size)
    return brightness(ImageChops.difference(picture, small))


@pytest.mark.parametrize("prompt", staggered(SCENES, step=3))
def test_the_same_words_give_the_same_bytes(prompt: str) -> None:
    assert content(prompt) == content(prompt)


def test_other_words_give_another_picture() -> None:
    assert len({content(prompt) for prompt in SCENES}) == len(SCENES)
    assert content("a mountain") != content("the mountain")


def test_a_sunset_is_warmer_than_noon_and_a_night_darker() -> None:
    noon, sunset, night = (drawn(f"mountains {hour}") for hour in ("at noon", "at sunset", "at night"))
    assert warmth(upper(sunset)) > warmth(upper(noon)) + 40
    assert brightness(night) < brightness(noon) - 60


def test_a_city_at_night_is_lit() -> None:
    """There are far more lights low in the picture than on a mountain at night."""
    city, mountain = (drawn(f"a {thing} at night").convert("L") for thing in ("city", "mountain"))
    low = (0, city.height * 6 // 10, city.width, city.height * 9 // 10)
    lights = [sum(picture.crop(low).histogram()[120:]) for picture in (city, mountain)]
    assert lights[0] > 5 * lights[1] + 100


def test_snow_is_white() -> None:
    snowy, bare = (drawn(prompt).convert("L") for prompt in ("a mountain in winter, snow", "a mountain"))
    whites = [
        sum(upper_half.histogram()[225:])
        for upper_half in (snowy.crop((0, 90, 384, 216)), bare.crop((0, 90, 384, 216)))
    ]
    assert whites[0] > whites[1]


def test_what_isnt_wanted_is_left_out() -> None:
    assert detail(drawn("a city by the sea", negative="buildings")) < 0.7 * detail(drawn("a city by the sea"))


def test_a_big_picture_shows_the_same_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A big one is drawn at a smaller size and enlarged; here, what is big is a quarter of it."""
    monkeypatch.setattr("spike_procedural.generator.DRAWN_SIDE_PX_MAX", 512)
    small = decoded(content("a mountain at sunset", size=AspectRatio.SQUARE.size(512)))
    large = decoded(content("a mountain at sunset", size=AspectRatio.SQUARE.size(1024)))
    shrunk = large.resize(small.size, Image.Resampling.BOX)
    assert brightness(ImageChops.difference(shrunk.convert("RGB"), small.convert("RGB"))) < 2


def test_sepia_has_one_hue() -> None:
    hues = changed("make it sepia").convert("HSV").getchannel("H")
    assert ImageStat.Stat(hues).stddev[0] < 12


@pytest.mark.parametrize("word", ["brighter", "lighten it"])
def test_brighter_is_brighter(word: str) -> None:
    assert brightness(changed(word)) > brightness(changed("darker")) + 30


def test_night_is_darker_and_bluer() -> None:
    day, night = changed("sharpen"), changed("turn it into night")
    assert brightness(night) < brightness(day) * 0.7
    assert warmth(night) < warmth(day)


def test_snow_adds_white_flakes() -> None:
    dark = encoded(Image.new("RGB", (90, 60), (40, 60, 50)), PictureFormat.PNG)
    size = Dimensions(width_px=900, height_px=600)
    whites = [sum(changed(words, dark, size=size).convert("L").histogram()[200:]) for words in ("add snow", "cooler")]
    assert whites[0] > 2000
    assert whites[1] == 0


def test_a_blurred_background_leaves_the_middle_sharp() -> None:
    blurred, plain = changed("blur the background"), changed("warmer")
    middle, corner = (195, 130, 255, 170), (0, 0, 90, 75)
    assert detail(blurred.crop(corner)) < 0.7 * detail(plain.crop(corner))
    assert detail(blurred.crop(middle)) > 0.8 * detail(plain.crop(middle))


def test_edits_are_made_in_the_order_of_the_words() -> None:
    assert changed("invert, then sepia").tobytes() != changed("sepia, then invert").tobytes()


def test_unknown_words_change_little() -> None:
    original = decoded(a_photo(PHOTO_SIZE, PictureFormat.PNG)).convert("RGB")
    assert 0 < brightness(ImageChops.difference(changed("quantum happiness"), original)) < 25


def test_an_original_is_turned_upright() -> None:
    lying = encoded(photograph(size=(200, 300)), PictureFormat.JPEG, exif=exif(orientation=6))
    upright = photograph(size=(200, 300)).transpose(Image.Transpose.ROTATE_270)
    turned = changed("sharpen", lying)
    assert brightness(ImageChops.difference(turned.resize(upright.size), upright.convert("RGB"))) < 12


def test_where_an_original_is_transparent_it_is_white() -> None:
    clear = encoded(Image.new("RGBA", (30, 20), (10, 20, 30, 0)), PictureFormat.PNG)
    assert changed("sharpen", clear).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.filterwarnings("ignore")  # Pillow's, of broken Exif: here they would count as errors
@pytest.mark.parametrize("name", staggered([name for name, file in CORPUS.items() if not file.is_refused], step=5))
def test_an_odd_file_is_changed_as_it_is_seen(name: str) -> None:
    file = CORPUS[name]
    seen = file.shown.convert("RGBA")
    seen = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    size = Dimensions(width_px=seen.width, height_px=seen.height)
    made = ProceduralGenerator().modify(io.BytesIO(file.make()), Prompt("quantum happiness"), negative=None, size=size)
    assert brightness(ImageChops.difference(decoded(made.content).convert("RGB"), seen)) < 25 + file.tolerance


def test_metadata_stay_behind() -> None:
    generated = ProceduralGenerator().modify(
        io.BytesIO(a_phone_picture()), Prompt("brighter"), negative=None, size=PHOTO_SIZE
    )
    assert not decoded(generated.content).getexif()
