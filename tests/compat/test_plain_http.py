"""Dialects whose users bring a plain HTTP client: Jina's rerank, KServe, text-embeddings-inference."""

from __future__ import annotations

import requests


def test_jinas_rerank(server: str) -> None:
    body = {"model": "ranker", "query": "order", "documents": ["it", {"text": "my order"}], "return_documents": True}
    answer = requests.post(f"{server}/v1/rerank", json=body, timeout=10).json()
    assert answer["results"][0]["document"] == {"text": "my order"}
    assert answer["usage"]["total_tokens"] > 0


def test_kserve_version_1(server: str) -> None:
    answer = requests.post(f"{server}/v1/models/support:predict", json={"instances": ["where"]}, timeout=10).json()
    assert len(answer["predictions"]) == 1


def test_text_embeddings_inference(server: str) -> None:
    response = requests.post(f"{server}/embed", json={"inputs": ["where", "it"]}, timeout=10)
    assert [len(vector) for vector in response.json()] == [8, 8]
    assert response.headers["x-compute-tokens"] == "6"
