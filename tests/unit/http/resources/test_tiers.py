"""`GET /api/tiers`, the `tier` of an upload, and what follows the catalog of an installation."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from attrs import evolve, frozen
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.orders import Order, TaskKind
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings

SHOP: Final[dict[str, dict[str, Any]]] = {
    "TIER_8K": {"longest_side_px": 8192, "price": 40},
    "TIER_1K": {"price": 3},
    "TIER_2K": {"offered": False},
}


@frozen
class Dearer:
    """Generations cost one token more."""

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        return order.offer.price + Tokens(int(order.kind is TaskKind.GENERATION))


@pytest.fixture
def services() -> MemorySpike:
    return MemorySpike.build(Settings(tiers=SHOP))


def form(*parts: tuple[str, str], field: str = "file") -> bytes:
    return a_form(a_part(field, PICTURE, filename="a.jpg"), *(a_part(name, text.encode()) for name, text in parts))


def prices(price: int) -> Mapping[str, int]:
    return dict.fromkeys(("enhancement", "blend", "generation", "modification"), price)


def test_the_tiers_are_listed_with_prices(client: testing.TestClient, ada: Caller) -> None:
    expected = {
        "tiers": [
            {
                "tier": "FREE",
                "longestSide": 1024,
                "prices": {"enhancement": 0, "blend": 0, "generation": None, "modification": None},
            },
            {"tier": "TIER_1K", "longestSide": 1024, "prices": prices(3)},
            {"tier": "TIER_4K", "longestSide": 4096, "prices": prices(10)},
            {"tier": "TIER_8K", "longestSide": 8192, "prices": prices(40)},
        ],
        "defaultTier": "TIER_1K",
        "formats": ["jpeg", "png", "webp", "avif"],
        "modes": ["faithful"],
        "fileBytesMax": 10 * 2**20,
        "pixelsMax": 50_000_000,
    }
    assert client.simulate_get("/api/tiers").json == expected
    assert ada.get("/api/tiers").json == expected


def test_prices_are_the_callers_own() -> None:
    services = MemorySpike.build()
    spike = evolve(services.spike, pricing=evolve(services.spike.pricing, price_list=Dearer()))
    client = testing.TestClient(create_app(spike))
    ada = Caller(client, services.register())
    own = {each["tier"]: each["prices"]["generation"] for each in ada.get("/api/tiers").json["tiers"]}
    assert own == {"FREE": None, "TIER_1K": 3, "TIER_2K": 6, "TIER_4K": 11}
    everyones = client.simulate_get("/api/tiers").json["tiers"]
    assert [each["prices"]["generation"] for each in everyones] == [None, 2, 5, 10]


def test_an_uploads_tier_is_charged(ada: Caller) -> None:
    answer = ada.upload_form(form(("tier", "TIER_8K")))
    assert (answer.json["enhancement"]["tier"], answer.json["enhancement"]["newBalance"]) == ("TIER_8K", 60)
    assert ada.upload_form(form(("tier", "FREE"))).json["enhancement"]["newBalance"] == 60
    assert ada.upload_form(form(("tier", ""))).json["enhancement"]["tokenCost"] == 3, "an empty field is none"


def test_a_batchs_tier_is_charged_for_each_file(ada: Caller) -> None:
    files = [a_part("files", PICTURE, filename=f"{n}.jpg") for n in range(2)]
    body = a_form(*files, a_part("tier", b"TIER_8K"))
    answer = ada.client.simulate_post(
        "/api/images/batch-upload", body=body, headers={**ada.headers, "Content-Type": CONTENT_TYPE}
    )
    assert answer.json["summary"]["totalCost"] == 80


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([("tier", "TIER_2K")], "tier must be one of FREE, TIER_1K, TIER_4K, TIER_8K"),
        ([("tier", "TIER_4K"), ("tier", "TIER_4K")], "Please send the field tier once"),
    ],
)
def test_a_wrong_tier_stores_nothing(
    services: MemorySpike, ada: Caller, parts: list[tuple[str, str]], said: str
) -> None:
    before = services.holdings
    answer = ada.upload_form(form(*parts))
    assert answer.status_code == 400
    assert said in answer.json["suggestion"]
    assert services.holdings == before


def test_an_upload_at_a_tier_that_is_repeated_with_its_key_is_charged_once(ada: Caller) -> None:
    """The tier is part of what the key stands for."""
    headers = {**ada.headers, "Content-Type": CONTENT_TYPE, "Idempotency-Key": "k"}

    def send(tier: str) -> testing.Result:
        return ada.client.simulate_post("/api/images/upload", body=form(("tier", tier)), headers=headers)

    first, again, other = send("TIER_8K"), send("TIER_8K"), send("TIER_4K")
    assert first.json == again.json
    assert other.status_code == 422
    assert ada.get("/api/tokens/balance").json["balance"] == 60


def test_the_documentation_follows_the_catalog(client: testing.TestClient) -> None:
    text = client.simulate_get("/openapi.json").text
    document = json.loads(text)
    schemas = document["components"]["schemas"]
    assert schemas["OfferedTier"]["enum"] == ["FREE", "TIER_1K", "TIER_4K", "TIER_8K"]
    assert "enum" not in schemas["Tier"]  # jobs keep tiers that are no longer on offer
    assert schemas["Tier"]["examples"] == schemas["OfferedTier"]["enum"]
    generate = document["paths"]["/api/mcp/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert generate["properties"]["tier"]["enum"] == ["TIER_1K", "TIER_4K", "TIER_8K"]
    pricing = document["components"]["schemas"]["Error"]["properties"]["pricing"]["properties"]
    assert pricing["TIER_8K"] == {"const": 40}
    assert "| `TIER_8K` | 40 | 8192 px |" in document["paths"]["/api/images/enhance"]["post"]["description"]
    assert "must be one of FREE, TIER_1K, TIER_4K, TIER_8K" in text
    costs = re.findall(r'"tier": "TIER_1K", "tokens?Cost": (\d+)', text)
    assert set(costs) == {"3"}
    assert "TIER_2K" not in text
    assert "x-tiers" not in text
    assert "⟨" not in text


def test_the_documentation_advises_the_free_tier_only_where_it_is_on_offer() -> None:
    def advice(**tiers: dict[str, Any]) -> str:
        client = testing.TestClient(create_app(MemorySpike.build(Settings(tiers=tiers)).spike))
        [anonymous] = [tag for tag in client.simulate_get("/openapi.json").json["tags"] if "Anonymous" in tag["name"]]
        return str(anonymous["description"])

    assert "blend them at the FREE tier" in advice()
    assert "FREE" not in advice(FREE={"offered": False})


def test_errors_name_the_catalogs_tiers_and_prices(ada: Caller) -> None:
    image_id = ada.upload().json["image"]["id"]
    unknown = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "TIER_2K"})
    assert unknown.status_code == 400
    assert "must be one of FREE, TIER_1K, TIER_4K, TIER_8K" in unknown.json["suggestion"]
    free = ada.post("/api/mcp/generate", {"prompt": "a harbor", "tier": "FREE"})
    assert free.json["pricing"] == {"TIER_1K": 3, "TIER_4K": 10, "TIER_8K": 40}
    album = ada.post("/api/albums", {"name": "Trip", "defaultTier": "TIER_2K"})
    assert album.status_code == 400


def test_the_default_of_an_album_is_the_catalogs() -> None:
    services = MemorySpike.build(Settings(tiers={"TIER_1K": {"offered": False}}))
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    assert ada.post("/api/albums", {"name": "Trip"}).json["album"]["defaultTier"] == "TIER_2K"


def test_without_settings_the_tiers_are_the_specifications() -> None:
    client = testing.TestClient(create_app(MemorySpike.build().spike))
    tiers = client.simulate_get("/api/tiers").json["tiers"]
    assert [each["tier"] for each in tiers] == [tier.name for tier in SPECIFIED.tiers]
