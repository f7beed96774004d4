#!/usr/bin/env bash
# Makes the Swift of protocol/kumiko/federation/v1/federation.proto anew:
#
#     scripts/generate_proto.sh            # writes Sources/FederationWire/Generated
#     scripts/generate_proto.sh --check    # writes nothing; exits with 1 unless the files there are these
#
# Needs protoc (Debian: protobuf-compiler; made with 3.21.12). Its two plugins are built once, of the versions that
# Package.swift names, from the checkouts of SwiftPM; the scratch folder is SCRATCH or .build.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
scratch=${SCRATCH:-$root/.build}
here=$root/Sources/FederationWire/Generated
command -v protoc >/dev/null || { echo "generate_proto: no protoc; apt-get install protobuf-compiler" >&2; exit 2; }

for plugin in protoc-gen-swift protoc-gen-grpc-swift-2; do
    [[ -x $scratch/debug/$plugin || -x $scratch/debug/$plugin-tool ]] || KUMIKO_ROOMS=FederationWire \
        swift build --package-path "$root" --scratch-path "$scratch" --product "$plugin" >&2
done
tool() { if [[ -x $scratch/debug/$1-tool ]]; then echo "$scratch/debug/$1-tool"; else echo "$scratch/debug/$1"; fi; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
protoc --proto_path="$root/protocol" \
    --plugin=protoc-gen-swift="$(tool protoc-gen-swift)" \
    --plugin=protoc-gen-grpc-swift-2="$(tool protoc-gen-grpc-swift-2)" \
    --swift_out="$work" --swift_opt=Visibility=Internal,UseAccessLevelOnImports=true,FileNaming=DropPath \
    --grpc-swift-2_out="$work" \
    --grpc-swift-2_opt=Visibility=Internal,UseAccessLevelOnImports=true,FileNaming=DropPath \
    kumiko/federation/v1/federation.proto
# What a test compares where there is no protoc.
cat > "$work/FederationDescription.swift" <<SWIFT
/// The description from which the files beside this one were made.
enum FederationDescription {
    static let sha256 = "$(sha256sum < "$root/protocol/kumiko/federation/v1/federation.proto" | cut -d' ' -f1)"
}
SWIFT

if [[ ${1:-} == --check ]]; then
    diff -ru "$here" "$work" && echo "generate_proto: the files are those of the description"
else
    mkdir -p "$here"
    cp "$work"/*.swift "$here"
fi
