"""The messages of the Open Inference Protocol over gRPC, as a table, and the classes made from it.

The numbers are those of KServe's `grpc_predict_v2.proto` and of Triton's `grpc_service.proto`, which adds the
repository and the statistics. Nothing is generated when Dragoman is built or installed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

__all__ = ["METHODS", "PACKAGE", "SERVICE", "message_classes"]

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"

# Message → field → "NUMBER TYPE"; a `*` is a list, `{}` a map from texts, and `?NAME` a member of the choice NAME. A
# type that begins with a capital is a message; with a dot, a message inside this one.
INFER_PARAMETER = {
    "bool_param": "1 bool ?parameter_choice",
    "int64_param": "2 int64 ?parameter_choice",
    "string_param": "3 string ?parameter_choice",
    "double_param": "4 double ?parameter_choice",
    "uint64_param": "5 uint64 ?parameter_choice",
}
REPOSITORY_PARAMETER = {
    "bool_param": "1 bool ?parameter_choice",
    "int64_param": "2 int64 ?parameter_choice",
    "string_param": "3 string ?parameter_choice",
    "bytes_param": "4 bytes ?parameter_choice",
}
NAME_AND_VERSION = {"name": "1 string", "version": "2 string"}
REPOSITORY_MODEL = {
    "repository_name": "1 string",
    "model_name": "2 string",
    "parameters": "3 {}ModelRepositoryParameter",
}
TENSOR = {
    "name": "1 string",
    "datatype": "2 string",
    "shape": "3 *int64",
    "parameters": "4 {}InferParameter",
    "contents": "5 InferTensorContents",
}
MESSAGES: dict[str, Mapping[str, str]] = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": "1 bool"},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": "1 bool"},
    "ModelReadyRequest": NAME_AND_VERSION,
    "ModelReadyResponse": {"ready": "1 bool"},
    "ServerMetadataRequest": {},
    "ServerMetadataResponse": {"name": "1 string", "version": "2 string", "extensions": "3 *string"},
    "ModelMetadataRequest": NAME_AND_VERSION,
    "ModelMetadataResponse": {
        "name": "1 string",
        "versions": "2 *string",
        "platform": "3 string",
        "inputs": "4 *.TensorMetadata",
        "outputs": "5 *.TensorMetadata",
    },
    "ModelMetadataResponse.TensorMetadata": {"name": "1 string", "datatype": "2 string", "shape": "3 *int64"},
    "InferParameter": INFER_PARAMETER,
    "InferTensorContents": {
        "bool_contents": "1 *bool",
        "int_contents": "2 *int32",
        "int64_contents": "3 *int64",
        "uint_contents": "4 *uint32",
        "uint64_contents": "5 *uint64",
        "fp32_contents": "6 *float",
        "fp64_contents": "7 *double",
        "bytes_contents": "8 *bytes",
    },
    "ModelInferRequest": {
        "model_name": "1 string",
        "model_version": "2 string",
        "id": "3 string",
        "parameters": "4 {}InferParameter",
        "inputs": "5 *.InferInputTensor",
        "outputs": "6 *.InferRequestedOutputTensor",
        "raw_input_contents": "7 *bytes",
    },
    "ModelInferRequest.InferInputTensor": TENSOR,
    "ModelInferRequest.InferRequestedOutputTensor": {"name": "1 string", "parameters": "2 {}InferParameter"},
    "ModelInferResponse": {
        "model_name": "1 string",
        "model_version": "2 string",
        "id": "3 string",
        "parameters": "4 {}InferParameter",
        "outputs": "5 *.InferOutputTensor",
        "raw_output_contents": "6 *bytes",
    },
    "ModelInferResponse.InferOutputTensor": TENSOR,
    "ModelStatisticsRequest": NAME_AND_VERSION,
    "ModelStatisticsResponse": {"model_stats": "1 *ModelStatistics"},
    "ModelStatistics": {
        **NAME_AND_VERSION,
        "last_inference": "3 uint64",
        "inference_count": "4 uint64",
        "execution_count": "5 uint64",
        "inference_stats": "6 InferStatistics",
    },
    "InferStatistics": {
        "success": "1 StatisticDuration",
        "fail": "2 StatisticDuration",
        "queue": "3 StatisticDuration",
        "compute_input": "4 StatisticDuration",
        "compute_infer": "5 StatisticDuration",
        "compute_output": "6 StatisticDuration",
    },
    "StatisticDuration": {"count": "1 uint64", "ns": "2 uint64"},
    "ModelRepositoryParameter": REPOSITORY_PARAMETER,
    "RepositoryIndexRequest": {"repository_name": "1 string", "ready": "2 bool"},
    "RepositoryIndexResponse": {"models": "1 *.ModelIndex"},
    "RepositoryIndexResponse.ModelIndex": {**NAME_AND_VERSION, "state": "3 string", "reason": "4 string"},
    "RepositoryModelLoadRequest": REPOSITORY_MODEL,
    "RepositoryModelLoadResponse": {},
    "RepositoryModelUnloadRequest": REPOSITORY_MODEL,
    "RepositoryModelUnloadResponse": {},
}
METHODS = (
    "ServerLive",
    "ServerReady",
    "ModelReady",
    "ServerMetadata",
    "ModelMetadata",
    "ModelInfer",
    "ModelStatistics",
    "RepositoryIndex",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
)


@functools.cache
def message_classes() -> dict[str, Any]:
    """The class of each message. They live in a pool of their own: another library may bring the same names."""
    from google.protobuf import descriptor_pool, message_factory  # optional: extra grpc

    pool = descriptor_pool.DescriptorPool()
    pool.Add(file_description())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in MESSAGES}


def file_description() -> Any:
    """The table as protobuf's own description of a file."""
    from google.protobuf import descriptor_pb2  # optional: extra grpc

    file = descriptor_pb2.FileDescriptorProto(name="dragoman/open_inference.proto", package=PACKAGE, syntax="proto3")
    described: dict[str, Any] = {}
    for name, fields in MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        described[name] = described[outer].nested_type.add() if outer else file.message_type.add()
        described[name].name = inner
        for field, rule in fields.items():
            add_field(described[name], name, field, rule)
    return file


def add_field(message: Any, path: str, name: str, rule: str) -> None:
    number, kind, *choice = rule.split()
    field = message.field.add(name=name, number=int(number))
    is_map, is_list = kind.startswith("{}"), kind.startswith("*")
    field.label = field.LABEL_REPEATED if is_map or is_list else field.LABEL_OPTIONAL
    kind = kind.removeprefix("{}").removeprefix("*")
    if is_map:
        add_entry(message, kind)
        kind = ".ParametersEntry"
    set_type(field, path, kind)
    if choice:
        if not message.oneof_decl:
            message.oneof_decl.add(name=choice[0].removeprefix("?"))
        field.oneof_index = 0


def add_entry(message: Any, kind: str) -> None:
    """A map is a list of entries in protobuf."""
    entry = message.nested_type.add(name="ParametersEntry")
    entry.options.map_entry = True
    for name, rule in (("key", "1 string"), ("value", f"2 {kind}")):
        add_field(entry, "", name, rule)


def set_type(field: Any, path: str, kind: str) -> None:
    if kind[0] == "." or kind[0].isupper():
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{path if kind[0] == '.' else ''}{kind}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
