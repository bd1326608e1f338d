package org.wardian.process.assembly;

import java.nio.file.Path;
import java.util.Optional;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.device.DeviceOptions;

/**
 * An image to be opened for a machine.
 *
 * @param image the image file, or an export by its {@link org.wardian.storage.nbd.NbdPath}
 * @param readOnly whether the guest may not write
 * @param snapshot whether what the guest writes is thrown away at the end
 * @param format of the image, or empty where its content decides
 * @param flushed whether the guest's flushes reach stable storage
 * @param options limits, what becomes of errors and discards
 */
public record DiskRequest(
    Path image,
    boolean readOnly,
    boolean snapshot,
    Optional<ImageFormat> format,
    boolean flushed,
    DeviceOptions options) {}
