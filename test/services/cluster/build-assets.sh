#!/bin/bash
# Makes what tests need to run a real Kubernetes API server: etcd, kube-apiserver and kube-controller-manager, in one folder, as
# the convention of envtest has it. Tests find it by KUBEBUILDER_ASSETS and are skipped, visibly, without it.
#
#   test/services/cluster/build-assets.sh FOLDER
#   KUBEBUILDER_ASSETS=FOLDER bun test test/services/kubernetes
#
# For Debian 12, as root: everything is made of Debian's own packages. Its source package of Kubernetes (1.20) is compiled with
# its own Go, once the vendored reflect2, which newer Go versions refuse, is replaced by the packaged one. That takes about six
# minutes on two idle cores and 3 GB of disk that are freed again; FOLDER holds 230 MB, and is not made again where it is complete.
# An envtest archive of any newer release works as well: set KUBEBUILDER_ASSETS to it.
set -euo pipefail

folder=$(realpath -m "${1:?Usage: build-assets.sh FOLDER}")
programs=(kube-apiserver kube-controller-manager)

is_complete() {
  for program in etcd "${programs[@]}"; do [ -x "$folder/$program" ] || return 1; done
}
if is_complete; then
  echo "$folder is complete"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# Lists of source packages, for this script alone.
mkdir -p "$work/lists/partial" "$work/parts"
echo "deb-src http://deb.debian.org/debian bookworm main" > "$work/sources.list"
own_lists=(-o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts"
  -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root)

apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  golang-go etcd-server dpkg-dev golang-github-modern-go-reflect2-dev golang-github-modern-go-concurrent-dev
apt-get "${own_lists[@]}" update -qq

# Its vendored packages are links into staging/, which Go follows only in a GOPATH.
mkdir -p "$work/go/src/k8s.io"
cd "$work/go/src/k8s.io"
apt-get "${own_lists[@]}" source -qq kubernetes
mv kubernetes-*/ kubernetes
cd kubernetes
rm -rf vendor/github.com/modern-go/reflect2
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/reflect2

export GO111MODULE=off GOPATH="$work/go" GOCACHE="${GOCACHE:-$work/cache}" CGO_ENABLED=0
flags="-s -w"
for package in component-base/version client-go/pkg/version; do
  own="k8s.io/kubernetes/vendor/k8s.io/$package"
  flags="$flags -X $own.gitVersion=v1.20.2 -X $own.gitMajor=1 -X $own.gitMinor=20"
done
build() {
  nice go build -trimpath -ldflags "$flags" -o "$1" "$2"
}

# The description of the API is generated code that the source package leaves out.
build "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
described=$(grep -rlR --include='*.go' '+k8s:openapi-gen=' pkg vendor/k8s.io/{api,apimachinery,apiextensions-apiserver,kube-aggregator,metrics,apiserver,client-go} |
  xargs -n1 dirname | sort -u | sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
"$work/openapi-gen" --logtostderr --go-header-file hack/boilerplate/boilerplate.generatego.txt -i "$described" \
  -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -r /dev/null

mkdir -p "$folder"
for program in "${programs[@]}"; do build "$folder/$program" "./cmd/$program"; done
cp "$(command -v etcd)" "$folder/etcd"
is_complete
echo "$folder is complete"
