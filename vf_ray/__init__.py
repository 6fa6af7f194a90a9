"""Build the Vision-Flan dataset, tune vision-language models on it in stages, evaluate them.

The chain, in the order the packages are used::

    recipe     YAML                        -> what a run is, as strict data
    plan       a recipe                    -> every artifact and its address, before anything runs
    raw        archives as published       -> one tree of files
    sources    a tree                      -> typed rows
    tasks      one module per source       -> examples
    instances  instruction, options, checks-> finished conversations
    shards     Parquet and image blobs     -> what training reads
    model      tower + projector + LLM     -> one folder that transformers loads
    train      stages with DeepSpeed       -> BASE, CHAT
    eval       benchmarks, asked and scored
    report     tables, plots, one HTML page
    on_ray     the same verbs on a Ray cluster (``flows`` chains them with Prefect)

``store`` and ``artifacts`` lie below all of it: results by address, each built once.
"""
