/** Documents of snapshots, as libvirt has them ({@code <domainsnapshot>}). */
package org.wardian.definition.snapshot;
