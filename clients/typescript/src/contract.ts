// The contract as types. Written by `make clients-typescript`; not to be edited.

export interface paths {
    "/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List sites
         * @description Answers with sites by rising id, a page at a time. When more follow, `next` is the cursor of the next page and the header `Link` its address.
         */
        get: operations["list_sites"];
        put?: never;
        /**
         * Create one site, or a list of sites
         * @description Posts one site, or `{"sites": [...]}` with 1 to 1,000 of them. A list is created whole or not at all.
         *
         *     Give each site an `id` of your own and the request is safe to retry: a site that is there already with the same content is no change, and when that holds for all of them the answer is 200. A site that is there with other content is a conflict. Without an `id` the server gives one, and every post makes a new site.
         */
        post: operations["create_sites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * Get a site
         * @description Answers with what the site is, and with the `ETag` that update_site asks for.
         */
        get: operations["get_site"];
        put?: never;
        post?: never;
        /**
         * Delete a site, its history and its readings
         * @description Takes the site away, and with it all its configurations and readings. From the answer on the site is unknown; its readings are cleared away after that. An id that the server gave is not given again. This cannot be undone.
         */
        delete: operations["delete_site"];
        options?: never;
        head?: never;
        /**
         * Change a site's name, location or time zone
         * @description Changes the members that the body names (a JSON merge patch, RFC 7396), if the site is still in the state that `If-Match` names. So two people who edit the same site cannot undo each other's work: the second is told with a 412, which carries the current state.
         */
        patch: operations["update_site"];
        trace?: never;
    };
    "/v1/sites/{site_id}/configuration": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * Get the configuration in force now, or at a given moment
         * @description Answers with the configuration that is in force `at` a moment: the one with the latest `effective_from` that is not after it and, of several with the same, the one recorded last.
         */
        get: operations["get_configuration"];
        put?: never;
        /**
         * Push a configuration
         * @description Records how the site is built, from `effective_from` on. Earlier configurations stay in the history. Left out, `effective_from` is now, and for a site's first configuration from the beginning. A configuration that is equal to the one in force at that time is no change, so a retry is safe.
         */
        post: operations["push_configuration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/configuration/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * List the configurations of a site's history
         * @description Answers with every configuration that was recorded for the site, the one recorded last first, 1,000 at most.
         */
        get: operations["list_configuration_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/configuration/revisions/{revision}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
                /**
                 * @description The number of a configuration in the site's history.
                 * @example 1
                 */
                revision: components["parameters"]["revision"];
            };
            cookie?: never;
        };
        /**
         * Get one configuration of a site's history
         * @description Answers with the configuration that was recorded under this number. It never changes.
         */
        get: operations["get_configuration_revision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * List readings of a range
         * @description Answers with the readings from `from` on and before `to` in the order of their moments: in JSON by column; in CSV (`Accept: text/csv`) a row each, the time first; in NDJSON (`Accept: application/x-ndjson`) an object each. When more of them follow than `limit` allows, the header `Link` has the address of the next page, as `rel="next"`: an answer without one is complete.
         *
         *     JSON has at most 1,000 readings where no `limit` is given, and all others as many as there are. These come in pieces, each read when it is sent, without `ETag` and without a length. A failure in the middle breaks the connection: what ends well is complete.
         *
         *     A JSON answer with all columns can be posted back as it is, unless it was asked for with `include=configuration`. Whether an answer is still what `If-None-Match` names is found out without reading the settled days again, so asking often is cheap.
         */
        get: operations["list_readings"];
        put?: never;
        /**
         * Push one reading, or readings by column
         * @description Posts one reading (plain values), or up to 10,000 by column (arrays of the same length). **A stamp without an offset means UTC**, not the time on the site's wall. Readings may come late and in any order.
         *
         *     A body with a fault anywhere is refused whole (422). Else each reading is a fact of the site and its moment: a new one is stored; the same one again is no change, so **when in doubt, send it again**; one whose moment has other values stored is a conflict. With `on_conflict=reject` the stored values stay, the other readings are stored and the answer is 409; with `replace` the new values take their place.
         *
         *     The receipt counts what became of the readings. It is an acknowledgement: what it counts as stored, unchanged or replaced is written by a majority of the database's members and journalled.
         */
        post: operations["push_live"];
        /**
         * Delete the readings of a range
         * @description Takes away the readings from `from` on and before `to`. This cannot be undone.
         */
        delete: operations["delete_readings"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/live/latest": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * Get the latest reading
         * @description Answers with the newest reading by its moment, never by its arrival: a reading that comes late does not become the latest.
         */
        get: operations["get_latest_reading"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/live/aggregate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * Aggregate readings by hour, day, week or month
         * @description Answers with one bucket after the other of the range from `from` on and before `to`, and what each column came to in it. Buckets are those of the calendar in the site's `time_zone`, right across both changes of the clock: a day has 23, 24 or 25 hours, and an hour that the clock shows twice is two. The first and the last bucket are cut where the range begins and ends.
         *
         *     Readings are expected on a grid, one every 600 seconds, and a reading counts for the slot that its moment lies in. `expected` is how many slots begin in the bucket, until now; `slots` is how many of them have a reading; `rows` is how many readings there are. In a bucket without readings nothing is said of columns. When more buckets follow than `limit` allows, or so many readings have been looked at that it is time for an answer, the header `Link` has the address of the next page.
         */
        get: operations["aggregate_readings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site_id}/live/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /**
         * List where readings are missing
         * @description Answers with the stretches, from `from` on and before `to` and until now, in which slots of the grid have no reading. There is a slot every 600 seconds, and a reading counts for the one that its moment lies in. When more follow than `limit` allows, or so many readings have been looked at that it is time for an answer, the header `Link` has the address of the next page.
         */
        get: operations["list_gaps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Push readings of many sites
         * @description Posts readings by column for 1 to 1,000 sites, up to 10,000 readings in all. It does for each site what a push for that site alone does. **A stamp without an offset means UTC.**
         *
         *     A body with a fault anywhere is refused whole (422), and so is one that names a site which is not there (404): then nothing is stored, for any site. A reading whose moment has other values stored is a conflict: with `on_conflict=reject` the stored values stay, all other readings of all sites are stored, and the answer is 409; with `replace` the new values take their place.
         */
        post: operations["push_fleet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the latest reading of each site
         * @description Answers with sites by rising id, a page at a time, and the newest reading of each by its moment. A site without readings has no `reading`. When more sites follow, `next` is the cursor of the next page and the header `Link` its address.
         */
        get: operations["list_latest_readings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description Answers with keys by rising id, a page at a time, without their texts. When more follow, `next` is the cursor of the next page and the header `Link` its address. The admin key of the server's settings is not among them.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Create a key
         * @description Answers with the text of a new key, **this once**. When no answer arrives, nobody has the text: list the keys, revoke the one that nobody has, and create another.
         *
         *     As long as the server has no keys, nobody needs one for this, on the server's own machine. The first key must then have the scope `admin`, and from it on the server is open to nobody.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key, by its id, which is not its text.
                 * @example 0f3a5b7c9d1e
                 */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Ends a key and forgets it. Within a second of the answer no request with it is taken any more, by whichever worker; until then a worker may still take one. A server whose last key is revoked and that has no admin key in its settings is again open to its own machine.
         */
        delete: operations["revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}/rotation": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key, by its id, which is not its text.
                 * @example 0f3a5b7c9d1e
                 */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a new key in the place of another
         * @description Answers with the text of a new key, **this once**. It has the scopes, the sites and the label of the old one, and as long a life as that was given. The old one ends after the seconds of `grace`, so that there is time to hand the new one out; without grace it is revoked.
         */
        post: operations["rotate_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask whether the process answers
         * @description Answers as long as the process can, whatever the state of the database. For restarting.
         */
        get: operations["get_liveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask whether requests can be served
         * @description Asks the database for a writable primary that a majority of its servers confirms, and for the rights that the service needs; answers within some 2 s, also when the database does not. For load balancers: send requests here while the answer is 200. It is 503, too, as soon as the process has been told to end.
         */
        get: operations["get_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the version that is running
         * @description Answers with the name and the version of the service.
         */
        get: operations["get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what the service counts of itself
         * @description For Prometheus, in its text format or, to who asks so with `Accept`, as OpenMetrics. Counters begin at 0 when the service starts. No label has a value that comes from a request. What each metric means, and which may go in a later version, is in the documentation of the service.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this contract as JSON
         * @description Answers with the whole contract in one document, as JSON.
         */
        get: operations["get_openapi_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this contract as YAML
         * @description Answers with the whole contract in one document, as YAML.
         */
        get: operations["get_openapi_yaml"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schemas/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get one schema of this contract
         * @description Answers with a schema of this contract that stands alone, so that a device can check its documents before it sends them: a JSON Schema of draft 2020-12 with all that it refers to in `$defs`. The keywords that begin with `x-` are explained at the top of this contract.
         */
        get: operations["get_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what a problem means
         * @description Answers with a page for people that says what a problem means and what to do about it.
         */
        get: operations["get_problem_type"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Aggregate
         * @description The buckets of a range, in the order of time, by the calendar of a time zone.
         */
        Aggregate: {
            /**
             * @description How long a bucket is.
             * @example 1d
             * @enum {string}
             */
            every: "1h" | "1d" | "1w" | "1mo";
            time_zone: components["schemas"]["SiteTimeZone"];
            buckets: components["schemas"]["Bucket"][];
        };
        /**
         * Battery
         * @description The site's battery.
         */
        Battery: {
            vendor: components["schemas"]["Vendor"];
            /**
             * @description How much it holds, in kWh.
             * @example 3100
             */
            capacity_kwh: number;
            /**
             * @description How fast it charges and discharges at most, in kW.
             * @example 400
             */
            max_power_kw: number;
        };
        /**
         * Bucket
         * @description A part of the range, from `from` on and before `to`, and what the columns came to in it. Where there are no readings nothing is said of columns.
         */
        Bucket: {
            from: components["schemas"]["Instant"];
            to: components["schemas"]["Instant"];
            /**
             * Format: int64
             * @description How many readings there are.
             * @example 3
             */
            rows: number;
            /**
             * Format: int64
             * @description How many slots of the grid have a reading.
             * @example 3
             */
            slots: number;
            /**
             * Format: int64
             * @description How many slots of the grid could have one by now.
             * @example 144
             */
            expected: number;
            soc?: components["schemas"]["SocSummary"];
            load_kwh?: components["schemas"]["EnergySummary"];
            net_load_kwh?: components["schemas"]["EnergySummary"];
            pv_notification?: components["schemas"]["NotificationSummary"];
            bio_notification?: components["schemas"]["NotificationSummary"];
            cro_notification?: components["schemas"]["NotificationSummary"];
        };
        /**
         * Configuration revision
         * @description How a site is or was built, `effective_from` a moment on until a later one takes over; `recorded_at` is when the server learnt it.
         */
        ConfigurationRevision: {
            id: components["schemas"]["SiteId"];
            battery: components["schemas"]["Battery"];
            production: components["schemas"]["Production"];
            revision: components["schemas"]["RevisionNumber"];
            effective_from: components["schemas"]["Instant"];
            recorded_at: components["schemas"]["Instant"];
        };
        /**
         * Configuration stretch
         * @description A time in which one configuration was in force, from `from` on and before `to`. Without `to` it has no end yet, neither in the site's history nor in what was asked for.
         */
        ConfigurationStretch: {
            from: components["schemas"]["Instant"];
            to?: components["schemas"]["Instant"];
            configuration: components["schemas"]["ConfigurationRevision"];
        };
        /**
         * Conflict
         * @description A reading whose stored values differ from the ones pushed, and in which columns they do. `id` is its site's, where readings of many sites were pushed.
         */
        Conflict: {
            id?: components["schemas"]["SiteId"];
            "dt-stamp": components["schemas"]["Instant"];
            columns: components["schemas"]["ValueColumn"][];
        };
        /**
         * Created key
         * @description A new key and its text. **The text is not shown again**: whoever has lost it makes another key.
         */
        CreatedKey: {
            id: components["schemas"]["KeyId"];
            scopes: components["schemas"]["KeyScopes"];
            sites?: components["schemas"]["KeySites"];
            label?: components["schemas"]["KeyLabel"];
            created_at: components["schemas"]["Instant"];
            expires_at?: components["schemas"]["Instant"];
            key: components["schemas"]["KeyText"];
        };
        /**
         * Cursor
         * @description Where the next page begins. Hand it back as it is; what is in it may change.
         * @example AAAAAAAAAGQ
         */
        Cursor: string;
        /**
         * Deletion
         * @description What a deletion took away.
         */
        Deletion: {
            /**
             * Format: int64
             * @description How many readings are gone.
             * @example 144
             */
            deleted: number;
        };
        /**
         * Energy
         * @description An amount of energy, in kWh.
         * @example 350
         */
        EnergyKwh: number;
        /**
         * Summary of an energy
         * @description What a column of energies did in a bucket, in kWh; `first` and `last` are by moment.
         */
        EnergySummary: {
            min: components["schemas"]["EnergyKwh"];
            max: components["schemas"]["EnergyKwh"];
            mean: components["schemas"]["EnergyKwh"];
            first: components["schemas"]["EnergyKwh"];
            last: components["schemas"]["EnergyKwh"];
            /**
             * @description The sum over all readings of the bucket, in kWh.
             * @example 1450
             */
            sum: number;
        };
        /**
         * Expiry instant
         * Format: instant
         * @description The moment from which on the key is not valid: an instant as everywhere in this contract (**without an offset it means UTC**), later than now. Without it the key does not expire.
         * @example 2090-01-01T00:00:00Z
         */
        ExpiryInstant: string;
        /**
         * Fault
         * @description One fault of a request: where it is (`pointer` in the body, else the `name` of the parameter), which rule of the contract is broken (`keyword`), and what may be meant (`hint`).
         */
        Fault: {
            /**
             * @description The part of the request that has the fault.
             * @example body
             * @enum {string}
             */
            in: "body" | "query" | "path" | "header";
            /**
             * @description Where in the body, as a JSON Pointer (RFC 6901). The empty pointer is the whole body.
             * @example /soc/1
             */
            pointer?: string;
            /**
             * @description The parameter's name.
             * @example limit
             */
            name?: string;
            /**
             * @description The keyword of JSON Schema or of this contract that is not met.
             * @example maximum
             */
            keyword: string;
            /**
             * @description What is wrong.
             * @example must be at most 100
             */
            detail: string;
            /**
             * @description What may be meant, or what to do.
             * @example did you mean `soc`?
             */
            hint?: string;
        };
        /**
         * Fleet readings
         * @description Readings of 1 to 1,000 sites, at most 10,000 in all. No site may stand in it twice.
         */
        FleetReadings: {
            sites: components["schemas"]["SiteReadings"][];
        };
        /**
         * Fleet receipts
         * @description A receipt for each site, in the order of the request.
         */
        FleetReceipts: {
            sites: components["schemas"]["SiteReceipt"][];
        };
        /**
         * Gap
         * @description A stretch from `from` on and before `to` in which every slot of the grid lacks a reading, and how many slots that is.
         */
        Gap: {
            from: components["schemas"]["Instant"];
            to: components["schemas"]["Instant"];
            /**
             * Format: int64
             * @description How many slots lack a reading.
             * @example 6
             */
            slots: number;
        };
        /**
         * Gap list
         * @description Where readings are missing, in the order of time.
         */
        GapList: {
            gaps: components["schemas"]["Gap"][];
        };
        /**
         * Hindrance
         * @description What keeps the service from its work. Of the database, but for the last:
         *
         *     - `no_server`: No server of the database answers.
         *     - `timeout`: It does not answer in time.
         *     - `connection`: The connection to it breaks.
         *     - `not_primary`: It answers, but none of its servers takes writes.
         *     - `write_concern`: A majority of its servers does not confirm what is written.
         *     - `unauthorized`: The user, the password or the rights are wrong.
         *     - `disk_full`: There is no room left on its disk.
         *     - `conflict`: Something changes under every try.
         *     - `not_prepared`: The store has not been prepared yet.
         *     - `unsuitable`: The database or its store is none that this version can use: the log says why.
         *     - `other`: Something else; the log says what.
         *     - `ending`: The process has been told to end.
         * @example not_primary
         * @enum {string}
         */
        Hindrance: "no_server" | "timeout" | "connection" | "not_primary" | "write_concern" | "unauthorized" | "disk_full" | "conflict" | "not_prepared" | "unsuitable" | "other" | "ending";
        /**
         * HTML page
         * @description A page of HTML in UTF-8.
         * @example <!doctype html><title>No such site</title><p>There is no site with this id.</p>
         */
        HtmlPage: string;
        /**
         * Inclusion
         * @description The name of something that an answer can have beside the readings.
         * @example configuration
         * @enum {string}
         */
        Inclusion: "configuration";
        /**
         * Instant
         * Format: instant
         * @description A moment in whole seconds: RFC 3339 with an offset (`2023-01-01T01:00:00+01:00`), or without one (`2023-01-01 00:00:00`). **Without an offset it means UTC**, whatever the site's time zone. Between date and time stands a `T` or one space; `t` and `z` may be small; a fraction may only be zeros. The date must be in the calendar, from 1970 to 2105. Answers always say `2023-01-01T00:00:00Z`.
         * @example 2023-01-01T00:00:00Z
         */
        Instant: string;
        /**
         * Key
         * @description What is known of a key. Without `sites` it is bound to none, without `expires_at` it does not expire; one that has expired is listed until it is revoked.
         */
        Key: {
            id: components["schemas"]["KeyId"];
            scopes: components["schemas"]["KeyScopes"];
            sites?: components["schemas"]["KeySites"];
            label?: components["schemas"]["KeyLabel"];
            created_at: components["schemas"]["Instant"];
            expires_at?: components["schemas"]["Instant"];
        };
        /**
         * Key id
         * @description The public name of a key. It stands in the key's text, too, after `sw_`.
         * @example 0f3a5b7c9d1e
         */
        KeyId: string;
        /**
         * Key label
         * @description What people call the key. No control characters, and not only blanks.
         * @example gateway of Willo Woods
         */
        KeyLabel: string;
        /**
         * Key page
         * @description Keys by rising id. `next` is there when more of them follow.
         */
        KeyPage: {
            keys: components["schemas"]["Key"][];
            next?: components["schemas"]["Cursor"];
        };
        /**
         * Key scopes
         * @description What the key may do.
         */
        KeyScopes: components["schemas"]["Scope"][];
        /**
         * Key sites
         * @description The sites that the key is bound to, whether they are there yet or not. To it there are no others.
         */
        KeySites: components["schemas"]["SiteId"][];
        /**
         * Key text
         * @description The key itself, as it is sent with requests. It is shown this once; the server keeps only its SHA-256.
         * @example sw_0f3a5b7c9d1e_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
         */
        KeyText: string;
        /**
         * Latest readings
         * @description Sites by rising id with their latest readings. `next` is there when more of them follow.
         */
        LatestReadings: {
            sites: components["schemas"]["SiteLatest"][];
            next?: components["schemas"]["Cursor"];
        };
        /**
         * Liveness
         * @description The process answers.
         */
        Liveness: {
            /**
             * @example alive
             * @enum {string}
             */
            status: "alive";
        };
        /**
         * Location
         * @description Where the site is, in your own words. No control characters, and not only blanks.
         * @example north
         */
        Location: string;
        /**
         * Metrics
         * @description Metrics as text, a sample a line, in the text format of Prometheus (0.0.4) or as OpenMetrics (1.0.0), which ends in `# EOF`.
         * @example # HELP sitewatt_ready 1 when the database takes writes
         *     # TYPE sitewatt_ready gauge
         *     sitewatt_ready 1.0
         */
        Metrics: string;
        /**
         * New configuration
         * @description How a site is built. `id`, if given, is the site of the path. `effective_from` says since when it holds: left out, it is now, and for a site's first configuration from the beginning (`1970-01-01T00:00:00Z`). `revision` and `recorded_at` are accepted and ignored, so that you can get a configuration, edit it and post it.
         */
        NewConfiguration: {
            /**
             * Format: int32
             * @description The site. It must be the one of the path.
             * @example 1
             */
            id?: number;
            battery: components["schemas"]["Battery"];
            production: components["schemas"]["Production"];
            effective_from?: components["schemas"]["Instant"];
            revision?: components["schemas"]["RevisionNumber"];
            recorded_at?: components["schemas"]["Instant"];
        };
        /**
         * New key
         * @description A key to create. A key with the scope `admin` is bound to no sites: it could make itself another that is not.
         */
        NewKey: {
            scopes: components["schemas"]["KeyScopes"];
            sites?: components["schemas"]["KeySites"];
            label?: components["schemas"]["KeyLabel"];
            expires_at?: components["schemas"]["ExpiryInstant"];
        };
        /**
         * New site
         * @description A site to create. Without `id` the server gives the next free one, and posting again creates another site: choose the id yourself if you want to be able to retry. Without `time_zone` it is `UTC`.
         */
        NewSite: {
            id?: components["schemas"]["SiteId"];
            name: components["schemas"]["SiteName"];
            location: components["schemas"]["Location"];
            time_zone?: components["schemas"]["TimeZone"];
        };
        /**
         * New site or sites
         * @description One site, or a list of them. A body that has `sites` is read as a list.
         */
        NewSiteOrSites: components["schemas"]["NewSite"] | components["schemas"]["NewSites"];
        /**
         * New sites
         * @description A list of sites to create, all or none. No id may stand in it twice.
         */
        NewSites: {
            sites: components["schemas"]["NewSite"][];
        };
        /**
         * Notification
         * @description Whether the notification stands.
         * @example true
         */
        Notification: boolean;
        /**
         * Summary of a notification
         * @description How many readings of a bucket have the notification standing, and whether the first and the last by moment do.
         */
        NotificationSummary: {
            /**
             * Format: int64
             * @description How many readings have it.
             * @example 3
             */
            true_count: number;
            first: components["schemas"]["Notification"];
            last: components["schemas"]["Notification"];
        };
        /**
         * OpenAPI document
         * @description This document. The OpenAPI Specification 3.0.3 says what is in it.
         */
        OpenApiDocument: {
            /**
             * @example 3.0.3
             * @enum {string}
             */
            openapi: "3.0.3";
        } & {
            [key: string]: unknown;
        };
        /**
         * Problem
         * @description Why a request was refused (RFC 9457). `type` is the address of a page on this server that says what the problem means and what to do; it never changes, so programs may rely on it and on `status`. The other texts are for people.
         */
        Problem: {
            /**
             * Format: uri-reference
             * @description The kind of problem, as the address of its page.
             * @example /problems/unknown-site
             */
            type: string;
            /**
             * @description The kind of problem in words.
             * @example No such site
             */
            title: string;
            /**
             * Format: int32
             * @description The status of the answer.
             * @example 404
             */
            status: number;
            /**
             * @description What is wrong with this request.
             * @example There is no site 7.
             */
            detail: string;
            request_id: components["schemas"]["RequestId"];
            /**
             * @description The id of the request's trace (W3C Trace Context); not there when it has none.
             * @example 4bf92f3577b34da6a3ce929d0e0e4736
             */
            trace_id?: string;
            /** @description The faults of the request, the first 100 of them. */
            errors?: components["schemas"]["Fault"][];
            /**
             * @description True when there are more faults or conflicts than are listed; else it is not there.
             * @example true
             */
            more?: boolean;
            kind?: components["schemas"]["Hindrance"];
            receipt?: components["schemas"]["Receipt"];
            /** @description The first 100 conflicts; `receipt` has their number. */
            conflicts?: components["schemas"]["Conflict"][];
            current?: components["schemas"]["Site"];
            /** @description The sites that stand in the way. */
            site_ids?: components["schemas"]["SiteId"][];
        };
        /**
         * Problem type
         * @description The last part of a problem's `type`.
         * @example unknown-site
         */
        ProblemSlug: string;
        /**
         * Production
         * @description What the site produces with, by kind. All three kinds are named, also those with no units.
         */
        Production: {
            pv: components["schemas"]["ProductionUnit"];
            bio: components["schemas"]["ProductionUnit"];
            cro: components["schemas"]["ProductionUnit"];
        };
        /**
         * Production unit
         * @description Production of one kind.
         */
        ProductionUnit: {
            /**
             * Format: int32
             * @description How many units of this kind the site has; 0 is none.
             * @example 2
             */
            units: number;
            /**
             * @description Their peak power, in kWp.
             * @example 800
             */
            kwp?: number;
        };
        /**
         * Readiness
         * @description The service and its database can do their work.
         */
        Readiness: {
            /**
             * @example ready
             * @enum {string}
             */
            status: "ready";
        };
        /**
         * Reading
         * @description What a site did at one moment. The moment is `dt-stamp`; **without an offset it means UTC**.
         */
        Reading: {
            "dt-stamp": components["schemas"]["ReadingInstant"];
            soc: components["schemas"]["Soc"];
            load_kwh: components["schemas"]["EnergyKwh"];
            net_load_kwh: components["schemas"]["EnergyKwh"];
            pv_notification: components["schemas"]["Notification"];
            bio_notification: components["schemas"]["Notification"];
            cro_notification: components["schemas"]["Notification"];
        };
        /**
         * Reading columns
         * @description Readings by column: the n-th values of the seven arrays make one reading, so all have the same length. **A stamp without an offset means UTC.** No moment may stand in `dt-stamp` twice, however it is spelt; the order is yours.
         */
        ReadingColumns: {
            /** @description The moments, at most 24 hours ahead of the server's clock. */
            "dt-stamp": components["schemas"]["Instant"][];
            soc: components["schemas"]["Soc"][];
            load_kwh: components["schemas"]["EnergyKwh"][];
            net_load_kwh: components["schemas"]["EnergyKwh"][];
            pv_notification: components["schemas"]["Notification"][];
            bio_notification: components["schemas"]["Notification"][];
            cro_notification: components["schemas"]["Notification"][];
        };
        /**
         * Reading instant
         * Format: instant
         * @description The moment of a reading: an instant as everywhere in this contract (**without an offset it means UTC**), at most 24 hours ahead of the server's clock.
         * @example 2023-01-01 00:00:00
         */
        ReadingInstant: string;
        /**
         * Reading lines
         * @description Readings as NDJSON: a line of JSON for each reading, ended by a line feed, without any other line. With all columns a line is a `Reading`; with some, it has `dt-stamp` and those.
         * @example {"dt-stamp":"2023-01-01T00:00:00Z","soc":10}
         */
        ReadingLines: string;
        /**
         * Reading or columns
         * @description One reading, or readings by column. A body whose `dt-stamp` is an array is read as columns.
         */
        ReadingOrColumns: components["schemas"]["Reading"] | components["schemas"]["ReadingColumns"];
        /**
         * Reading series
         * @description Stored readings by column, in the order of their moments. Without the parameter `columns` all seven arrays are there, and the answer can be posted back as it is; not so with `configurations`, which are there with `include=configuration`.
         */
        ReadingSeries: {
            "dt-stamp": components["schemas"]["Instant"][];
            soc?: components["schemas"]["Soc"][];
            load_kwh?: components["schemas"]["EnergyKwh"][];
            net_load_kwh?: components["schemas"]["EnergyKwh"][];
            pv_notification?: components["schemas"]["Notification"][];
            bio_notification?: components["schemas"]["Notification"][];
            cro_notification?: components["schemas"]["Notification"][];
            /** @description The configurations in force in the range, cut to what this page shows of it, in the order of time; each once for each stretch. There may be a time before the first. */
            configurations?: components["schemas"]["ConfigurationStretch"][];
        };
        /**
         * Reading table
         * @description Readings as CSV (RFC 4180) in UTF-8: a header row, then a row for each reading. Each row, the last one too, ends in CRLF; no field is quoted. First comes `dt-stamp`, as `2023-01-01T00:00:00Z`, then the columns in the order in which they were asked for. The header row has their names and, where they have one, the unit in brackets: `soc (%)`, `load_kwh (kWh)`, `net_load_kwh (kWh)`. Numbers are written as JSON writes them, with a point; booleans are `true` and `false`.
         * @example dt-stamp,soc (%)
         *     2023-01-01T00:00:00Z,10
         */
        ReadingTable: string;
        /**
         * Receipt
         * @description What became of the readings of one push. `received` is the sum of `stored`, `unchanged`, `replaced` and `conflicts`. A row that is counted as stored, unchanged or replaced is written by a majority of the database's members and journalled: it survives a power cut. The receipt of a `dry_run` says what would have become of the readings.
         */
        Receipt: {
            /**
             * Format: int32
             * @description How many readings the request held.
             * @example 3
             */
            received: number;
            /**
             * Format: int32
             * @description How many of them are new.
             * @example 3
             */
            stored: number;
            /**
             * Format: int32
             * @description How many were stored before with the same values. A retry that arrives twice lands here.
             * @example 0
             */
            unchanged: number;
            /**
             * Format: int32
             * @description How many had other values stored and have these now. Only with `on_conflict=replace`.
             * @example 0
             */
            replaced: number;
            /**
             * Format: int32
             * @description How many have other values stored, which were left as they are.
             * @example 0
             */
            conflicts: number;
            first?: components["schemas"]["Instant"];
            last?: components["schemas"]["Instant"];
        };
        /**
         * Request id
         * @description The name of one request in the server's log. Quote it when you ask for help.
         * @example 01hv6k3m9qf2
         */
        RequestId: string;
        /**
         * Revision list
         * @description Every configuration that was recorded for a site, the newest first.
         */
        RevisionList: {
            revisions: components["schemas"]["ConfigurationRevision"][];
        };
        /**
         * Revision number
         * Format: int32
         * @description The number of a configuration in the site's history, from 1, in the order of recording.
         * @example 1
         */
        RevisionNumber: number;
        /**
         * Schema document
         * @description A JSON Schema of draft 2020-12 that stands alone.
         */
        SchemaDocument: {
            /**
             * @example https://json-schema.org/draft/2020-12/schema
             * @enum {string}
             */
            $schema: "https://json-schema.org/draft/2020-12/schema";
            /**
             * Format: uri-reference
             * @description The address of the schema.
             * @example /schemas/Site
             */
            $id: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * Schema name
         * @description The name of a schema of this contract.
         * @example Site
         */
        SchemaName: string;
        /**
         * Scope
         * @description What a key may do. Each operation names the one that it needs; none of them includes another.
         * @example write_live
         * @enum {string}
         */
        Scope: "read" | "write_live" | "write_sites" | "admin";
        /**
         * Site
         * @description What a site is. It hardly ever changes.
         */
        Site: {
            id: components["schemas"]["SiteId"];
            name: components["schemas"]["SiteName"];
            location: components["schemas"]["Location"];
            time_zone: components["schemas"]["SiteTimeZone"];
        };
        /**
         * Site id
         * Format: int32
         * @description The number of a site, chosen by the client or given by the server, which never gives one twice.
         * @example 1
         */
        SiteId: number;
        /**
         * Site's latest reading
         * @description A site and its latest reading, which is not there while it has none.
         */
        SiteLatest: {
            id: components["schemas"]["SiteId"];
            reading?: components["schemas"]["Reading"];
        };
        /**
         * Site name
         * @description What people call the site. No control characters, and not only blanks.
         * @example Willo Woods
         */
        SiteName: string;
        /**
         * Site or sites
         * @description The site, when one was posted; the sites, when a list was.
         */
        SiteOrSites: components["schemas"]["Site"] | components["schemas"]["Sites"];
        /**
         * Site page
         * @description Sites by rising id. `next` is there when more of them follow.
         */
        SitePage: {
            sites: components["schemas"]["Site"][];
            next?: components["schemas"]["Cursor"];
        };
        /**
         * Site patch
         * @description The members to change, as a JSON merge patch (RFC 7396). What is not named stays. Nothing of a site can be taken away, so there is no `null`; the id cannot change.
         */
        SitePatch: {
            name?: components["schemas"]["SiteName"];
            location?: components["schemas"]["Location"];
            time_zone?: components["schemas"]["TimeZone"];
        };
        /**
         * Site readings
         * @description Readings of one site by column, as in a push for that site alone. **A stamp without an offset means UTC.** The order is yours.
         */
        SiteReadings: {
            id: components["schemas"]["SiteId"];
            /** @description The moments, at most 24 hours ahead of the server's clock. */
            "dt-stamp": components["schemas"]["Instant"][];
            soc: components["schemas"]["Soc"][];
            load_kwh: components["schemas"]["EnergyKwh"][];
            net_load_kwh: components["schemas"]["EnergyKwh"][];
            pv_notification: components["schemas"]["Notification"][];
            bio_notification: components["schemas"]["Notification"][];
            cro_notification: components["schemas"]["Notification"][];
        };
        /**
         * Site receipt
         * @description The receipt of one site's readings.
         */
        SiteReceipt: {
            id: components["schemas"]["SiteId"];
            receipt: components["schemas"]["Receipt"];
        };
        /**
         * Time zone of a site
         * Format: time-zone
         * @description The name of a time zone that the site was given: one of the IANA database as it was then, which a server with an older database may not know.
         * @example Europe/Amsterdam
         */
        SiteTimeZone: string;
        /**
         * Sites
         * @description The sites of a posted list, in its order.
         */
        Sites: {
            sites: components["schemas"]["Site"][];
        };
        /**
         * State of charge
         * @description The battery's state of charge, in percent.
         * @example 10
         */
        Soc: number;
        /**
         * Summary of a state of charge
         * @description What the state of charge did in a bucket, in percent; `first` and `last` are by moment.
         */
        SocSummary: {
            min: components["schemas"]["Soc"];
            max: components["schemas"]["Soc"];
            mean: components["schemas"]["Soc"];
            first: components["schemas"]["Soc"];
            last: components["schemas"]["Soc"];
        };
        /**
         * Time zone
         * Format: time-zone
         * @description A name of the IANA time zone database, spelt as there. It says where the site's days begin and end; stamps are not read in it: a stamp without an offset means UTC.
         * @example Europe/Amsterdam
         */
        TimeZone: string;
        /**
         * Value column
         * @description The name of a column of values, that is any column but `dt-stamp`.
         * @example soc
         * @enum {string}
         */
        ValueColumn: "soc" | "load_kwh" | "net_load_kwh" | "pv_notification" | "bio_notification" | "cro_notification";
        /**
         * Vendor
         * @description Who made the battery, spelt exactly so.
         * @example Tesla
         * @enum {string}
         */
        Vendor: "Tesla" | "KATL";
        /**
         * Version
         * @description What is running.
         */
        Version: {
            /**
             * @example sitewatt
             * @enum {string}
             */
            name: "sitewatt";
            /**
             * @description The version of the service.
             * @example 0.1.0
             */
            version: string;
        };
        /**
         * YAML document
         * @description A document in YAML, UTF-8.
         * @example openapi: 3.0.3
         */
        YamlDocument: string;
    };
    responses: {
        /** @description A parameter is not as the contract says, also one in the path. */
        BadParameter: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not JSON, or not the gzip that it is said to be, or a parameter is not as the contract says, also one in the path. */
        BadRequest: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server has no keys yet, and the first one must have the scope `admin`. Nothing was created. */
        FirstKey: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Other values are stored for some of the moments. Those stay as they are; **all other readings of all sites are stored**, durably as with 201. `receipt` has the numbers of all sites together, `conflicts` the first 100 conflicts, each with the `id` of its site. */
        FleetConflict: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key lacks a scope that this operation needs, or is bound to sites where the operation is about none; or the server is in open mode and the request does not come from this machine. */
        Forbidden: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server made a mistake, which is in its log under `request_id`. */
        InternalError: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is JSON but breaks the contract. `errors` names each fault, the first 100 of them. Nothing of the body is stored. */
        InvalidBody: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such site, or no configuration is in force at that moment. */
        NoConfiguration: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such site, or it has no readings. */
        NoReadings: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `Accept` takes none of the media types that this operation answers with. */
        NotAcceptable: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nothing has changed since the state that `If-None-Match` names. There is no body. */
        NotModified: {
            headers: {
                ETag: components["headers"]["ETag"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description Not now. `kind` says what keeps the service from its work, as far as it knows; it is in no other answer. */
        NotReady: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server has as many requests, or as much in bodies, as it can hold just now. Nothing was done. */
        Overloaded: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The site is not in the state that `If-Match` names. `current` is its state now. */
        PreconditionFailed: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `If-Match` is missing. `detail` prints the header to add. */
        PreconditionRequired: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Other values are stored for some of the moments. Those stay as they are; **all other readings of the request are stored**, durably as with 201. `receipt` has the numbers, `conflicts` the first 100 conflicts. */
        ReadingsConflict: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The rest of the body did not come in time, or came too slowly. Nothing was stored, and the connection is closed. */
        RequestTimeout: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An id is taken by a site with other content, or by one that is being deleted. `site_ids` has them; none of the sites was created. */
        SitesExist: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body has more than 2 MiB, as sent or inflated. */
        TooLarge: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There were too many requests with this key or from this address, or too many wrong keys. Nothing was done. */
        TooManyRequests: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The site has 1,000 configuration revisions already. Nothing was recorded. */
        TooManyRevisions: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no key, or it is not valid. */
        Unauthenticated: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWWAuthenticate"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The database cannot do this now. It is not known whether a write has happened: send it again. Readings, configurations and sites with an `id` of your own count once. Or the server is full, and has done nothing. */
        Unavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such key, or it has been revoked. */
        UnknownKey: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The contract has no such problem type. */
        UnknownProblem: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such site, or its history has no such revision. */
        UnknownRevision: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The contract has no such schema. */
        UnknownSchema: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such site, or the key may not see it. */
        UnknownSite: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Some of the sites are not there, or the key may not see them; `site_ids` has them. Nothing was stored. */
        UnknownSites: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This server does not know the site's time zone, so that the site has no calendar. */
        UnknownTimeZone: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not sent as JSON in UTF-8, as it is or in gzip. */
        UnsupportedMediaType: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Path and query are together longer than 8,192 bytes. */
        UriTooLong: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description The moment to look at; without it, now. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
         * @example 2023-01-01T00:00:00Z
         */
        at: components["schemas"]["Instant"];
        /**
         * @description How many buckets to answer with at most.
         * @example 1000
         */
        bucket_limit: number;
        /**
         * @description The columns to answer with, separated by commas; without it, all. `dt-stamp` is always there.
         * @example [
         *       "soc",
         *       "load_kwh"
         *     ]
         */
        columns: components["schemas"]["ValueColumn"][];
        /**
         * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
         * @example AAAAAAAAAGQ
         */
        cursor: components["schemas"]["Cursor"];
        /**
         * @description With `true`, nothing is stored and the receipt says what the push would have done.
         * @example true
         */
        dry_run: boolean;
        /**
         * @description How long a bucket is: an hour, a day, a week from Monday on (ISO 8601) or a month, by the wall clock of the site's time zone.
         * @example 1d
         */
        every: "1h" | "1d" | "1w" | "1mo";
        /**
         * @description The first moment of the range; without it, the range begins with the oldest reading. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
         * @example 2023-01-01 00:00:00
         */
        from: components["schemas"]["Instant"];
        /**
         * @description How many gaps to answer with at most.
         * @example 1000
         */
        gap_limit: number;
        /**
         * @description For how many seconds the old key goes on, unless it expires sooner: up to 30 days, and 0 ends it at once.
         * @example 3600
         */
        grace: number;
        /**
         * @description The `ETag` of the state that you saw, or `*` for any. The change is made only if the site is still in that state (else 412). It must be given: without it the answer is 428, which prints the header to add.
         * @example "5d41402abc4b2a76"
         */
        if_match: string;
        /**
         * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
         * @example "5d41402abc4b2a76"
         */
        if_none_match: string;
        /**
         * @description What to add to the readings; in JSON only. `configuration` adds the member `configurations`: how the site was built in the range.
         * @example [
         *       "configuration"
         *     ]
         */
        include: components["schemas"]["Inclusion"][];
        /**
         * @description The key, by its id, which is not its text.
         * @example 0f3a5b7c9d1e
         */
        key_id: components["schemas"]["KeyId"];
        /**
         * @description How many keys to answer with at most.
         * @example 100
         */
        key_limit: number;
        /**
         * @description Only sites with exactly this location.
         * @example north
         */
        location: components["schemas"]["Location"];
        /**
         * @description Only sites with exactly this name.
         * @example Willo Woods
         */
        name: components["schemas"]["SiteName"];
        /**
         * @description What to do with a reading whose moment has other values stored: leave the stored ones and say so with a 409 (`reject`), or put these in their place (`replace`).
         * @example replace
         */
        on_conflict: "reject" | "replace";
        /**
         * @description By rising moments (`asc`) or by falling ones (`desc`).
         * @example desc
         */
        order: "asc" | "desc";
        /**
         * @description The last part of a problem's `type`.
         * @example unknown-site
         */
        problem_type: components["schemas"]["ProblemSlug"];
        /**
         * @description The first moment of the range. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
         * @example 2023-01-01 00:00:00
         */
        required_from: components["schemas"]["Instant"];
        /**
         * @description The first moment after the range: it is not in it. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
         * @example 2023-01-02 00:00:00
         */
        required_to: components["schemas"]["Instant"];
        /**
         * @description The number of a configuration in the site's history.
         * @example 1
         */
        revision: components["schemas"]["RevisionNumber"];
        /**
         * @description How many readings to answer with at most. **The default holds for JSON alone**: in `text/csv` and in `application/x-ndjson`, an answer without `limit` has all readings of the range.
         * @example 1000
         */
        row_limit: number;
        /**
         * @description The name of a schema, as under `components/schemas` of the contract.
         * @example Site
         */
        schema_name: components["schemas"]["SchemaName"];
        /**
         * @description The site.
         * @example 1
         */
        site_id: components["schemas"]["SiteId"];
        /**
         * @description How many sites to answer with at most.
         * @example 100
         */
        site_limit: number;
        /**
         * @description The first moment after the range: it is not in it. Without it, the range ends with the newest reading. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
         * @example 2023-01-02 00:00:00
         */
        to: components["schemas"]["Instant"];
    };
    requestBodies: never;
    headers: {
        /**
         * @description The name of this state of the resource, for `If-Match` and `If-None-Match`.
         * @example "5d41402abc4b2a76"
         */
        ETag: string;
        /**
         * @description The address of the next page, with `rel="next"` (RFC 8288); when there is no such link, nothing follows. The links of every answer stand after it, in a line of their own.
         * @example </v1/sites?cursor=AAAAAAAAAGQ>; rel="next", </openapi.json>; rel="service-desc", </docs/>; rel="service-doc"
         */
        Link: string;
        /**
         * @description The address of what was created. For a list of sites, the address of all sites.
         * @example /v1/sites/1
         */
        Location: string;
        /**
         * @description What is left of each quota that the request counted for, and for how many seconds (draft-ietf-httpapi-ratelimit-headers-10). A name is that of `RateLimit-Policy`.
         * @example "key";r=0;t=17
         */
        RateLimit: string;
        /**
         * @description The quotas that the request counted for: `q` requests in `w` seconds, which begin with the first of them.
         * @example "key";q=600;w=60
         */
        RateLimitPolicy: string;
        /**
         * @description The name of this request in the server's log.
         * @example 01hv6k3m9qf2
         */
        RequestId: components["schemas"]["RequestId"];
        /**
         * @description After how many seconds it is worth trying again. Each refusal says a number of its own, so that not all come back at once.
         * @example 5
         */
        RetryAfter: number;
        /**
         * @description How to show a key (RFC 9110).
         * @example Bearer realm="sitewatt"
         */
        WWWAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_sites: {
        parameters: {
            query?: {
                /**
                 * @description Only sites with exactly this location.
                 * @example north
                 */
                location?: components["parameters"]["location"];
                /**
                 * @description Only sites with exactly this name.
                 * @example Willo Woods
                 */
                name?: components["parameters"]["name"];
                /**
                 * @description How many sites to answer with at most.
                 * @example 100
                 */
                limit?: components["parameters"]["site_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sites. It may be empty. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SitePage"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    create_sites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One site, or a list of them. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSiteOrSites"];
            };
        };
        responses: {
            /** @description All of them were there already, with the same content. Nothing was created. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteOrSites"];
                };
            };
            /** @description Created: written by a majority of the database's members and journalled. Of a list, some may have been there already. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteOrSites"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["SitesExist"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_site: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The site. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    delete_site: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone: written by a majority of the database's members and journalled. */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    update_site: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the state that you saw, or `*` for any. The change is made only if the site is still in that state (else 412). It must be given: without it the answer is 428, which prints the header to add.
                 * @example "5d41402abc4b2a76"
                 */
                "If-Match"?: components["parameters"]["if_match"];
            };
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /** @description The members to change. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["SitePatch"];
                "application/merge-patch+json": components["schemas"]["SitePatch"];
            };
        };
        responses: {
            /** @description Changed: written by a majority of the database's members and journalled. The body and the `ETag` are the new state. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_configuration: {
        parameters: {
            query?: {
                /**
                 * @description The moment to look at; without it, now. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-01T00:00:00Z
                 */
                at?: components["parameters"]["at"];
            };
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration in force. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigurationRevision"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NoConfiguration"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    push_configuration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /** @description The configuration. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConfiguration"];
            };
        };
        responses: {
            /** @description Equal to the configuration in force at that time, which is the body. Nothing was recorded. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigurationRevision"];
                };
            };
            /** @description Recorded: written by a majority of the database's members and journalled. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigurationRevision"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["TooManyRevisions"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_configuration_revisions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history. It may be empty. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_configuration_revision: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
                /**
                 * @description The number of a configuration in the site's history.
                 * @example 1
                 */
                revision: components["parameters"]["revision"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigurationRevision"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownRevision"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_readings: {
        parameters: {
            query?: {
                /**
                 * @description The first moment of the range; without it, the range begins with the oldest reading. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-01 00:00:00
                 */
                from?: components["parameters"]["from"];
                /**
                 * @description The first moment after the range: it is not in it. Without it, the range ends with the newest reading. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-02 00:00:00
                 */
                to?: components["parameters"]["to"];
                /**
                 * @description By rising moments (`asc`) or by falling ones (`desc`).
                 * @example desc
                 */
                order?: components["parameters"]["order"];
                /**
                 * @description How many readings to answer with at most. **The default holds for JSON alone**: in `text/csv` and in `application/x-ndjson`, an answer without `limit` has all readings of the range.
                 * @example 1000
                 */
                limit?: components["parameters"]["row_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description The columns to answer with, separated by commas; without it, all. `dt-stamp` is always there.
                 * @example [
                 *       "soc",
                 *       "load_kwh"
                 *     ]
                 */
                columns?: components["parameters"]["columns"];
                /**
                 * @description What to add to the readings; in JSON only. `configuration` adds the member `configurations`: how the site was built in the range.
                 * @example [
                 *       "configuration"
                 *     ]
                 */
                include?: components["parameters"]["include"];
            };
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The readings. There may be none. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadingSeries"];
                    "text/csv": components["schemas"]["ReadingTable"];
                    "application/x-ndjson": components["schemas"]["ReadingLines"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    push_live: {
        parameters: {
            query?: {
                /**
                 * @description What to do with a reading whose moment has other values stored: leave the stored ones and say so with a 409 (`reject`), or put these in their place (`replace`).
                 * @example replace
                 */
                on_conflict?: components["parameters"]["on_conflict"];
                /**
                 * @description With `true`, nothing is stored and the receipt says what the push would have done.
                 * @example true
                 */
                dry_run?: components["parameters"]["dry_run"];
            };
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        /** @description One reading, or readings by column. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadingOrColumns"];
            };
        };
        responses: {
            /** @description Nothing is new: all readings are unchanged or replaced, or there were none. Also the answer to every `dry_run`, with the receipt that the push would have given, conflicts too. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description At least one reading is new and stored. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["ReadingsConflict"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    delete_readings: {
        parameters: {
            query: {
                /**
                 * @description The first moment of the range. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-01 00:00:00
                 */
                from: components["parameters"]["required_from"];
                /**
                 * @description The first moment after the range: it is not in it. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-02 00:00:00
                 */
                to: components["parameters"]["required_to"];
            };
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone: written by a majority of the database's members and journalled. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deletion"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_latest_reading: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The latest reading. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reading"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NoReadings"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    aggregate_readings: {
        parameters: {
            query: {
                /**
                 * @description How long a bucket is: an hour, a day, a week from Monday on (ISO 8601) or a month, by the wall clock of the site's time zone.
                 * @example 1d
                 */
                every: components["parameters"]["every"];
                /**
                 * @description The first moment of the range. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-01 00:00:00
                 */
                from: components["parameters"]["required_from"];
                /**
                 * @description The first moment after the range: it is not in it. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-02 00:00:00
                 */
                to: components["parameters"]["required_to"];
                /**
                 * @description How many buckets to answer with at most.
                 * @example 1000
                 */
                limit?: components["parameters"]["bucket_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The buckets. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Aggregate"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["UnknownTimeZone"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_gaps: {
        parameters: {
            query: {
                /**
                 * @description The first moment of the range. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-01 00:00:00
                 */
                from: components["parameters"]["required_from"];
                /**
                 * @description The first moment after the range: it is not in it. **Without an offset it means UTC.** A `+` in an address is written `%2B`.
                 * @example 2023-01-02 00:00:00
                 */
                to: components["parameters"]["required_to"];
                /**
                 * @description How many gaps to answer with at most.
                 * @example 1000
                 */
                limit?: components["parameters"]["gap_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path: {
                /**
                 * @description The site.
                 * @example 1
                 */
                site_id: components["parameters"]["site_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The gaps. There may be none. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GapList"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSite"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    push_fleet: {
        parameters: {
            query?: {
                /**
                 * @description What to do with a reading whose moment has other values stored: leave the stored ones and say so with a 409 (`reject`), or put these in their place (`replace`).
                 * @example replace
                 */
                on_conflict?: components["parameters"]["on_conflict"];
                /**
                 * @description With `true`, nothing is stored and the receipt says what the push would have done.
                 * @example true
                 */
                dry_run?: components["parameters"]["dry_run"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Readings by site and column. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["FleetReadings"];
            };
        };
        responses: {
            /** @description Nothing is new: all readings are unchanged or replaced, or there were none. Also the answer to every `dry_run`, with the receipts that the push would have given, conflicts too. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetReceipts"];
                };
            };
            /** @description At least one reading of one site is new and stored. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetReceipts"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSites"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["FleetConflict"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_latest_readings: {
        parameters: {
            query?: {
                /**
                 * @description How many sites to answer with at most.
                 * @example 100
                 */
                limit?: components["parameters"]["site_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sites with their latest readings. It may be empty. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestReadings"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    list_keys: {
        parameters: {
            query?: {
                /**
                 * @description How many keys to answer with at most.
                 * @example 100
                 */
                limit?: components["parameters"]["key_limit"];
                /**
                 * @description Where the page begins, as the page before said. Leave the other parameters as they were; the address in the header `Link` has them all.
                 * @example AAAAAAAAAGQ
                 */
                cursor?: components["parameters"]["cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of keys. It may be empty. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description What the key may do. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description Created: written by a majority of the database's members and journalled. Every worker knows the key at once. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["FirstKey"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidBody"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key, by its id, which is not its text.
                 * @example 0f3a5b7c9d1e
                 */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked: written by a majority of the database's members and journalled. */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownKey"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotate_key: {
        parameters: {
            query?: {
                /**
                 * @description For how many seconds the old key goes on, unless it expires sooner: up to 30 days, and 0 ends it at once.
                 * @example 3600
                 */
                grace?: components["parameters"]["grace"];
            };
            header?: never;
            path: {
                /**
                 * @description The key, by its id, which is not its text.
                 * @example 0f3a5b7c9d1e
                 */
                key_id: components["parameters"]["key_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created, and the end of the old key is set: written by a majority of the database's members and journalled. */
            201: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownKey"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["TooLarge"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_liveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            500: components["responses"]["InternalError"];
        };
    };
    get_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They can. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["NotReady"];
        };
    };
    get_version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Overloaded"];
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All metrics. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": components["schemas"]["Metrics"];
                    "application/openmetrics-text": components["schemas"]["Metrics"];
                };
            };
            400: components["responses"]["BadParameter"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
        };
    };
    get_openapi_json: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The contract. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenApiDocument"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Overloaded"];
        };
    };
    get_openapi_yaml: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what you have. If nothing has changed the answer is 304, without a body.
                 * @example "5d41402abc4b2a76"
                 */
                "If-None-Match"?: components["parameters"]["if_none_match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The contract. */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": components["schemas"]["YamlDocument"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Overloaded"];
        };
    };
    get_schema: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of a schema, as under `components/schemas` of the contract.
                 * @example Site
                 */
                name: components["parameters"]["schema_name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schema. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/schema+json": components["schemas"]["SchemaDocument"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownSchema"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Overloaded"];
        };
    };
    get_problem_type: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The last part of a problem's `type`.
                 * @example unknown-site
                 */
                type: components["parameters"]["problem_type"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": components["schemas"]["HtmlPage"];
                };
            };
            400: components["responses"]["BadParameter"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["UnknownProblem"];
            406: components["responses"]["NotAcceptable"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Overloaded"];
        };
    };
}
