extension TierState {
    /// This state with all blocks by other deployments replaced by the upstream's. A deployment's own blocks are its own: the
    /// upstream neither makes nor lifts them.
    public func replacingBlocks(ofOthersThan deployment: DeploymentID, with upstream: [Block]) -> TierState {
        var others: [Block] = []
        for block in upstream.sorted() where block.deployment != deployment {
            if let last = others.last, (last.version, last.deployment) == (block.version, block.deployment) { continue }
            others.append(block)
        }
        return TierState(tiers: tiers, reach: reach, blocks: blocks.filter { $0.deployment == deployment } + others)
    }
}
