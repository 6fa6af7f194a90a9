#!/bin/sh
# Try images and manifests on a throw-away Kubernetes on this machine: builds, starts, runs the smoke recipe, removes.
# Wants docker, kind, kubectl and helm, 16 GiB of memory, and to be told
#   CPU_INDEX       torch's index of builds for CPU, which its download page gives
#   KUBERAY_CHART   the operator's Helm chart, 1.6 or newer
#   STORE, AWS_...  a bucket for the run, and its variables
set -eu
cd "$(dirname "$0")/../.."
: "${CPU_INDEX:?}" "${KUBERAY_CHART:?}" "${STORE:?}"
name=vf-ray-try
trap 'kind delete cluster --name $name' EXIT

docker build -f docker/Dockerfile --target cpu -t "$name:cpu" \
    --build-arg CPU_INDEX="$CPU_INDEX" --build-arg COMMIT="$(git rev-parse HEAD)" .
docker image inspect --format 'image: {{.Size}} bytes' "$name:cpu"
kind create cluster --name $name
kind load docker-image --name $name "$name:cpu"
helm install kuberay-operator "$KUBERAY_CHART" --wait

# The site of this trial: our image, our bucket, nodes that a laptop has.
trial=$(mktemp -d)
cp -r infra/kubernetes "$trial"
sed -i "s#registry.example.com/vf-ray#$name#" "$trial/kubernetes/site/kustomization.yaml"
sed -i "s#s3://your-bucket/vf-ray#$STORE#" "$trial/kubernetes/site/settings.yaml"
sed -i 's/flows demo/flows smoke/' "$trial/kubernetes/job/job.yaml"
sed -i -E 's/cpu: "[48]", memory: [0-9]+Gi, ephemeral-storage: [0-9]+Gi/cpu: "1", memory: 6Gi/; s/memory: (16|64)Gi/memory: 6Gi/' \
    "$trial/kubernetes/base/cluster.yaml"
sed -i 's/rayStartParams: {}/rayStartParams: {num-cpus: "4"}/' "$trial/kubernetes/base/cluster.yaml"  # fewer hang
kubectl apply -f "$trial/kubernetes/base/account.yaml"
kubectl -n vf-ray create secret generic vf-ray-store \
    --from-literal=AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-}" \
    --from-literal=AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-}" \
    --from-literal=AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}" \
    ${AWS_ENDPOINT_URL:+--from-literal=AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL"}

kubectl apply -k "$trial/kubernetes/job"
kubectl -n vf-ray wait rayjob/vf-ray --for=jsonpath='{.status.jobStatus}'=SUCCEEDED --timeout=30m || {
    kubectl -n vf-ray get rayjob,raycluster,pods -o wide
    kubectl -n vf-ray logs -l job-name=vf-ray --tail=100
    exit 1
}
echo "the smoke recipe ran on Kubernetes"
