/// What a folder of blocks has at start.
struct BlockFolder {
    /// Served, ascending: later ones win.
    private(set) var blocks: [Block] = []
    /// Set aside under another name, with the reason.
    private(set) var damaged: [(file: String, reason: String)] = []
    /// Format 1 blocks that were rewritten, by their old names.
    private(set) var upgraded: [String] = []
    /// Superseded blocks and unfinished files that an interrupted run left, now removed.
    private(set) var removed: [String] = []

    /// Opens all blocks in the folder, which is made if missing. What a crash left is put right: unfinished files and blocks
    /// that another one replaces are removed, those that cannot be read are set aside, those of format 1 rewritten.
    ///
    /// - Throws: what the file system or SQLite refuses for reasons that are not a file's content.
    static func open(files: any StoreFiles, folder: String, cache: BlockLabelCache) throws -> BlockFolder {
        try files.makeFolder(folder)
        var opened = BlockFolder()
        for file in try files.names(in: folder) {
            if file.hasSuffix(BlockName.temporarySuffix) {
                try files.remove("\(folder)/\(file)")
                opened.removed.append(file)
            } else if let name = BlockName(fileName: file) {
                try opened.open(name, files: files, folder: folder, cache: cache)
            }
        }
        try opened.removeReplaced(files: files, folder: folder)
        opened.blocks.sort { $0.name < $1.name }
        if !opened.removed.isEmpty || !opened.damaged.isEmpty { try files.syncFolder(folder) }
        return opened
    }

    private mutating func open(
        _ name: BlockName, files: any StoreFiles, folder: String, cache: BlockLabelCache
    ) throws {
        do {
            do {
                blocks.append(try Block(files: files, folder: folder, name: name, cache: cache))
            } catch let error as BlockDamage {
                guard try BlockUpgrade.format(folder: folder, name: name) == BlockUpgrade.upgradableFormat else {
                    throw error
                }
                let upgradedName = try BlockUpgrade.upgrade(files: files, folder: folder, name: name)
                blocks.append(try Block(files: files, folder: folder, name: upgradedName, cache: cache))
                upgraded.append(name.fileName)
            }
        } catch let error as BlockDamage {
            try files.rename(
                "\(folder)/\(name.fileName)", to: "\(folder)/\(name.fileName)\(BlockName.damagedSuffix)")
            damaged.append((name.fileName, error.description))
        }
    }

    /// A block that was merged into another is still there if the process ended before it was removed.
    private mutating func removeReplaced(files: any StoreFiles, folder: String) throws {
        let replaced = Set(blocks.flatMap(\.replaces))
        for block in blocks where replaced.contains(block.name.fileName) {
            try files.remove(block.path)
            removed.append(block.name.fileName)
        }
        blocks.removeAll { replaced.contains($0.name.fileName) }
    }
}
