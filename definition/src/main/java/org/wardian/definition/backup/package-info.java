/** Documents of backups, as libvirt has them ({@code <domainbackup>}). */
package org.wardian.definition.backup;
