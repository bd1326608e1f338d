/**
 * Domains: their definitions, the machines that run, and all that a client may ask of them. A
 * {@link org.wardian.daemon.domain.Domains} is the whole; a class for each group of procedures.
 */
package org.wardian.daemon.domain;
