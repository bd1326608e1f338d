package org.wardian.process.domain;

import java.nio.file.Path;

/**
 * A file or block device that a client named, to open an image in it.
 *
 * @param name of the node
 * @param readOnly whether it may not be written
 * @param discards whether discards reach it
 * @param flushed whether flushes reach stable storage
 */
public record FileNode(
    String name, Path path, boolean readOnly, boolean discards, boolean flushed) {}
